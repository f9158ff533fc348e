"""From a photo to hits: who is meant, what is refused, and what is told."""

from collections.abc import Sequence

import numpy as np
import pytest

from models.detections import Detections
from models.embeddings import Embeddings, EmbeddingSpace
from models.errors import SpaceMismatch
from models.kinds import Kind
from pipeline.archive import InMemoryArchive, SightingFilter
from pipeline.errors import BadTimeRange, NobodyFound, SeveralFound, UnknownCamera, UnknownCommunity, UnknownSighting
from pipeline.search import Answer, Eyes, Photo, Question, answer, check_filter, embedder_name_for, people_in
from pipeline.sighting import Box, Record, Shot, Sighting, TrackletKey

SPACE = EmbeddingSpace("colours", "aaaa-fp32", 3)
ALL = SightingFilter()


def boxes(*rows: Box, scores: Sequence[float] | None = None, kind: Kind = Kind.PERSON) -> Detections:
    score = np.array(scores if scores is not None else np.linspace(0.9, 0.5, len(rows)), np.float32)
    return Detections(np.array(rows, np.float32).reshape(-1, 4), score, np.full(len(rows), kind.code, np.int64))


class FakeDetector:
    """Answers by the size of the picture; remembers what it was shown."""

    def __init__(self, answers: dict[tuple[int, int], Detections]) -> None:
        self.answers = answers
        self.shown: list[np.ndarray] = []

    def detect(
        self,
        images: Sequence[np.ndarray],
        source_sizes: Sequence[tuple[int, int]] | None = None,
        *,
        min_score: float = 0.05,
    ) -> list[Detections]:
        self.shown.extend(images)
        return [self.answers.get((i.shape[1], i.shape[0]), Detections.empty()) for i in images]


class MeanColour:
    """The vector of a crop is its mean colour (blue, green, red)."""

    space = SPACE

    def embed(self, crops: Sequence[np.ndarray]) -> Embeddings:
        means = np.stack([crop.reshape(-1, 3).mean(axis=0) for crop in crops]).astype(np.float32)
        return Embeddings(means / np.linalg.norm(means, axis=1, keepdims=True), SPACE)


def photo(width: int = 200, height: int = 100) -> np.ndarray:
    """Left half blue, right half red."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2, 0] = 200
    picture[:, width // 2 :, 2] = 200
    return picture


def record(name: str, colour: tuple[float, float, float], kind: Kind = Kind.PERSON, camera: str = "c1") -> Record:
    shot = Shot(1, (0.0, 0.0, 1.0, 1.0), 0.5, 0.5)
    sighting = Sighting(name, TrackletKey(camera, "s", 1), kind, "", 1, 2, shot, (10, 10), 1)
    return Record(sighting, np.array(colour, np.float32), SPACE, b"jpeg")


@pytest.fixture
def archive() -> InMemoryArchive:
    made = InMemoryArchive()
    made.append([record("blue", (1, 0, 0)), record("red", (0, 0, 1)), record("car", (1, 0, 0), Kind.MOTOR_VEHICLE)])
    return made


def find(
    archive: InMemoryArchive,
    detector: FakeDetector,
    *,
    box: Box | None = None,
    kind: Kind = Kind.PERSON,
    embedder: type[MeanColour] = MeanColour,
) -> Answer:
    question = Question(SightingFilter(kind=kind), 5, (Photo(photo(), box),))
    return answer(archive, question, Eyes(lambda: detector, lambda _: embedder()))


def more_like(archive: InMemoryArchive, sighting_id: str) -> list[str]:
    question = Question(ALL, 5, sighting_id=sighting_id)
    hits = answer(archive, question, Eyes(lambda: FakeDetector({}), lambda _: MeanColour())).hits
    return [hit.sighting.id for hit in hits]


BLUE_ONE: Box = (10.0, 10.0, 60.0, 90.0)
RED_ONE: Box = (130.0, 10.0, 180.0, 90.0)
FAR: Box = (0.0, 0.0, 5.0, 90.0)


def test_the_only_one_in_the_photo_is_used(archive: InMemoryArchive) -> None:
    detector = FakeDetector({(200, 100): boxes(RED_ONE)})
    result = find(archive, detector)
    assert [(hit.sighting.id, hit.score) for hit in result.hits] == [("red", 1.0), ("blue", 0.0)]
    assert (result.subjects[0].box, len(result.subjects[0].detections)) == (RED_ONE, 1)


def test_several_are_listed_and_a_box_picks_one(archive: InMemoryArchive) -> None:
    detector = FakeDetector({(200, 100): boxes(BLUE_ONE, RED_ONE)})
    with pytest.raises(SeveralFound) as several:
        find(archive, detector)
    np.testing.assert_array_equal(several.value.detections.xyxy, [BLUE_ONE, RED_ONE])
    near_red = (120.0, 5.0, 185.0, 95.0)
    result = find(archive, detector, box=near_red)
    subject = result.subjects[0]
    assert (subject.box, result.hits[0].sighting.id, len(subject.detections)) == (RED_ONE, "red", 2)


def test_a_box_where_the_detector_sees_nobody_is_believed(archive: InMemoryArchive) -> None:
    for answers in ({}, {(200, 100): boxes(BLUE_ONE)}):
        found = find(archive, FakeDetector(answers), box=RED_ONE)
        assert (found.subjects[0].box, found.hits[0].sighting.id) == (RED_ONE, "red")


@pytest.mark.parametrize("box", [(300.0, 0.0, 400.0, 50.0), (20.0, 20.0, 20.0, 50.0), (50.0, 0.0, 20.0, 50.0)])
def test_a_box_beside_the_photo_is_refused(archive: InMemoryArchive, box: Box) -> None:
    with pytest.raises(NobodyFound, match="outside the photo of 200x100 pixels"):
        find(archive, FakeDetector({}), box=box)


def test_a_box_must_be_numbers(archive: InMemoryArchive) -> None:
    box = (0.0, float("nan"), 5.0, 5.0)
    with pytest.raises(NobodyFound, match="no number"):
        find(archive, FakeDetector({}), box=box)


def test_a_tight_crop_is_tried_with_a_border_and_found_in_its_own_pixels() -> None:
    # a border of half the longer side, 50, round a photo of 40x100: 140x200
    detector = FakeDetector({(140, 200): boxes((45.0, 48.0, 92.0, 152.0))})
    found = people_in(photo(40, 100), Kind.PERSON, detector)
    np.testing.assert_array_equal(found.xyxy, [[0, 0, 40, 100]])
    assert detector.shown[1].shape == (200, 140, 3)
    assert set(np.unique(detector.shown[1][:50])) == {114}


def test_a_tight_crop_of_one_stays_one_whatever_else_is_seen_in_it() -> None:
    whole, bag = (45.0, 50.0, 90.0, 150.0), (60.0, 100.0, 80.0, 130.0)
    for answers in ({(40, 100): boxes(unframed(bag), unframed(whole))}, {(140, 200): boxes(bag, whole)}):
        found = people_in(photo(40, 100), Kind.PERSON, FakeDetector(answers))
        np.testing.assert_array_equal(found.xyxy, [[0, 0, 40, 100]])


def unframed(framed: Box) -> Box:
    """Return a box of the framed photo of 40x100 as it is in the photo itself."""
    left, top, right, bottom = framed
    return max(left - 50, 0.0), top - 50, right - 50, bottom - 50


def test_just_over_and_just_under_most_of_the_photo() -> None:
    beside = (60.0, 0.0, 90.0, 100.0)
    over, under = (0.0, 0.0, 55.0, 100.0), (0.0, 0.0, 54.0, 100.0)
    for large, expected in ((over, 1), (under, 2)):
        detector = FakeDetector({(100, 100): boxes(beside, large)})
        assert len(people_in(photo(100, 100), Kind.PERSON, detector)) == expected


def test_a_huge_crop_is_made_smaller_before_it_gets_its_border() -> None:
    # 800x2048 becomes 400x1024, and 1424x2048 with a border of 512
    detector = FakeDetector({(1424, 2048): boxes((612.0, 512.0, 862.0, 1512.0))})
    found = people_in(photo(800, 2048), Kind.PERSON, detector)
    np.testing.assert_array_equal(found.xyxy, [[200, 0, 700, 2000]])


def test_one_small_figure_in_a_scene_needs_no_second_look() -> None:
    detector = FakeDetector({(200, 100): boxes(BLUE_ONE)})
    assert len(people_in(photo(), Kind.PERSON, detector)) == 1
    assert len(detector.shown) == 1


def test_specks_and_other_kinds_do_not_count() -> None:
    found = boxes(FAR)
    with pytest.raises(NobodyFound, match=r"no person found in the photo.*or give its box"):
        people_in(photo(), Kind.PERSON, FakeDetector({(200, 100): found}))
    with pytest.raises(NobodyFound, match="no motor vehicle"):
        people_in(photo(), Kind.MOTOR_VEHICLE, FakeDetector({(200, 100): boxes(BLUE_ONE)}))


def test_the_kind_asked_for_limits_the_hits(archive: InMemoryArchive) -> None:
    detector = FakeDetector({(200, 100): boxes(BLUE_ONE, kind=Kind.MOTOR_VEHICLE)})
    result = find(archive, detector, kind=Kind.MOTOR_VEHICLE)
    assert [hit.sighting.id for hit in result.hits] == ["car"]


def test_another_model_than_the_archives_is_refused_before_any_work(archive: InMemoryArchive) -> None:
    class Other(MeanColour):
        space = EmbeddingSpace("net", "bbbb-bf16", 3)

    detector = FakeDetector({(200, 100): boxes(BLUE_ONE)})
    with pytest.raises(SpaceMismatch, match="made with model colours"):
        find(archive, detector, embedder=Other)
    assert detector.shown == []


def test_more_like_this_leaves_itself_out_and_keeps_to_its_kind(archive: InMemoryArchive) -> None:
    assert more_like(archive, "blue") == ["red"]
    assert more_like(archive, "car") == []
    with pytest.raises(UnknownSighting):
        more_like(archive, "nobody")


def test_the_filter_is_checked_against_what_is_known() -> None:
    check_filter(SightingFilter(cameras=("c1",), from_ms=1, to_ms=2), ["c1", "c2"], [])
    with pytest.raises(UnknownCamera, match="unknown camera c9: known are c1, c2"):
        check_filter(SightingFilter(cameras=("c1", "c9")), ["c1", "c2"], [])
    check_filter(SightingFilter(communities=("willow",)), [], ["elm", "willow"])
    with pytest.raises(UnknownCommunity, match="unknown community wilow: known are elm, willow"):
        check_filter(SightingFilter(communities=("wilow",)), [], ["elm", "willow"])
    for from_ms, to_ms in ((5, 5), (6, 5)):
        with pytest.raises(BadTimeRange):
            check_filter(SightingFilter(from_ms=from_ms, to_ms=to_ms), [], [])


def test_of_ten_thousand_cameras_those_are_named_that_are_spelt_alike() -> None:
    known = [f"gate-{number:05d}" for number in range(10_000)]
    with pytest.raises(UnknownCamera, match=r"gate-0777: known are gate-\d{5}, .*gate-07.* and 9995 more") as told:
        check_filter(SightingFilter(cameras=("gate-0777",)), known, [])
    assert len(str(told.value)) < 200
    with pytest.raises(UnknownCamera, match=r"known are gate-00000, .*, gate-00019 and 9980 more"):
        check_filter(SightingFilter(cameras=("东门",)), known, [])


def test_the_archive_names_its_model(archive: InMemoryArchive) -> None:
    assert embedder_name_for(archive, Kind.PERSON) == "colours"
    assert embedder_name_for(archive, Kind.NON_MOTOR_VEHICLE) is None
