"""When a rule counts: days of the week and hours of the day, in the time of a place."""

from datetime import datetime, time, tzinfo
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _hour(value: object) -> object:
    """Take `22:00`, which YAML 1.1 reads as the number 1320 of base 60, and `24:00` for the end of the day."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value // 60:02d}:{value % 60:02d}"
    return "23:59:59.999999" if value == "24:00" else value


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        raise ValueError(f"no time zone is called {name!r}: write one such as Asia/Shanghai") from error
    return name


Hour = Annotated[time, BeforeValidator(_hour)]
ZoneName = Annotated[str, AfterValidator(_known_zone)]


class Hours(BaseModel):
    """A part of the day, `from` included and `to` not; one that ends before it begins goes over midnight.

    `timezone` is an IANA name; None means that of this machine. `days` are those on which the part begins.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)

    days: tuple[Day, ...] = Field(default=DAYS, min_length=1)
    begins: Hour = Field(default=time.min, alias="from")
    ends: Hour = Field(default=time.max, alias="to")
    timezone: ZoneName | None = None

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.begins == self.ends:
            raise ValueError("`from` and `to` are the same: leave both out for the whole day")
        return self

    def covers(self, at_ms: int) -> bool:
        """Tell whether the moment (UTC epoch milliseconds) lies in it."""
        zone = ZoneInfo(self.timezone) if self.timezone else None
        moment = datetime.fromtimestamp(at_ms / 1000.0, zone or _local())
        now, today = moment.time(), moment.weekday()
        if self.begins < self.ends:
            return self.begins <= now < self.ends and DAYS[today] in self.days
        if now >= self.begins:
            return DAYS[today] in self.days
        return now < self.ends and DAYS[today - 1] in self.days


def _local() -> tzinfo | None:
    return datetime.now().astimezone().tzinfo
