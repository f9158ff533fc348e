"""How far and how fast: distances on the ground and the speeds of people and vehicles."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from camera_adapters.site import Position
from models.kinds import Kind

EARTH_M = 6_371_008.8  # mean radius (IUGG)


@dataclass(frozen=True, slots=True)
class Speed:
    """Metres a second over ground, between two cameras: what is usual, and what nobody exceeds."""

    usual: float
    fastest: float


# Walking: 1.34 m/s is the mean of pedestrians (Weidmann 1993), old people about 1.0; 3 m/s is a jog that few keep up.
# E-bikes: 25 km/h by GB 17761-2018, 45 km/h for those that are tuned. Cars: town traffic, 90 km/h on an empty road.
SPEEDS: Mapping[Kind, Speed] = {
    Kind.PERSON: Speed(usual=1.1, fastest=3.0),
    Kind.NON_MOTOR_VEHICLE: Speed(usual=4.5, fastest=12.5),
    Kind.MOTOR_VEHICLE: Speed(usual=8.0, fastest=25.0),
}


@dataclass(frozen=True, slots=True)
class Travel:
    """What is assumed of ways and travellers.

    `detour` makes a great-circle distance a way on the ground where the site names none. Clocks of cameras may differ
    by `clock_slack_s`, and who walks out of one picture is still in the next one's: so much is forgiven.
    """

    detour: float = 1.3
    clock_slack_s: float = 5.0
    speeds: Mapping[Kind, Speed] = field(default_factory=lambda: SPEEDS)


def great_circle_m(one: Position, other: Position) -> float:
    """Return the distance in metres over a spherical earth (haversine formula); 0.5 % from the ellipsoid at most."""
    lat1, lat2 = math.radians(one.lat), math.radians(other.lat)
    half_lat, half_lon = (lat2 - lat1) / 2, math.radians(other.lon - one.lon) / 2
    square = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(square)))


def great_circles_m(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64 (n, n): `great_circle_m` between all of n places, degrees; NaN where a place has none."""
    return circles_m(lon[:, None], lat[:, None], lon, lat)


def circles_m(
    lon: NDArray[np.float64], lat: NDArray[np.float64], to_lon: NDArray[np.float64], to_lat: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return float64: the same from places to places, degrees, element by element as numpy broadcasts them."""
    lon, lat, to_lon, to_lat = (np.radians(each) for each in (lon, lat, to_lon, to_lat))
    half_lat, half_lon = (lat - to_lat) / 2, (lon - to_lon) / 2
    square = np.sin(half_lat) ** 2 + np.cos(lat) * np.cos(to_lat) * np.sin(half_lon) ** 2
    return np.asarray(2 * EARTH_M * np.arcsin(np.minimum(1.0, np.sqrt(square))), np.float64)
