"""Coverage in one sentence, Chinese or English: what was not watched, camera by camera."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Literal

from pipeline.coverage.answer import CameraCoverage
from pipeline.coverage.intervals import Interval, State
from pipeline.coverage.lanes import SHORT_MS

Language = Literal["zh", "en"]
MOST_GAPS = 3
MOST_CAMERAS = 5

STATES = {
    "zh": {
        State.SHEDDING: "丢帧过多",
        State.BEHIND: "未入库",
        State.DOWN: "断线",
        State.UNKNOWN: "无记录",
    },
    "en": {
        State.SHEDDING: "too many frames dropped",
        State.BEHIND: "not indexed",
        State.DOWN: "down",
        State.UNKNOWN: "no record",
    },
}
REASONS: Mapping[str, Mapping[Language, str]] = {
    "refused": {"zh": "拒绝连接", "en": "refused"},
    "unauthorised": {"zh": "口令不对", "en": "wrong password"},
    "timeout": {"zh": "无应答", "en": "no answer"},
    "overloaded": {"zh": "本机过载", "en": "this machine is overloaded"},
    "end_of_stream": {"zh": "码流中断", "en": "stream ended"},
    "decode_error": {"zh": "无法解码", "en": "cannot be decoded"},
    "no_video": {"zh": "无视频", "en": "no video"},
    "bad_source": {"zh": "地址有误", "en": "bad address"},
    "lost": {"zh": "磁盘已满", "en": "disk full"},
    "connecting": {"zh": "连接中", "en": "connecting"},
}


def sentence(
    answers: Sequence[CameraCoverage],
    language: Language,
    zone: tzinfo,
    names: Mapping[str, str],
    *,
    shortened: bool = False,
) -> str:
    """Return what was not watched, worst camera first; `names` by camera id, the id where there is none.

    A `shortened` one says which part of the asked time it is about.
    """
    if not answers:
        return {"zh": "没有摄像机。", "en": "No cameras."}[language]
    only = _only(answers[0], zone)[language] if shortened else ""
    return only + _told(answers, language, zone, names)


def _only(answer: CameraCoverage, zone: tzinfo) -> dict[Language, str]:
    since, until = (datetime.fromtimestamp(at / 1000, zone) for at in (answer.from_ms, answer.to_ms))
    time = f"{since:%Y-%m-%d %H:%M} – {until:%Y-%m-%d %H:%M}"
    return {"zh": f"只核对了 {time}：", "en": f"looked at {time} only: "}


def _told(answers: Sequence[CameraCoverage], language: Language, zone: tzinfo, names: Mapping[str, str]) -> str:
    gone = [each for each in answers if _never(each)]
    lacking = [each for each in answers if each.intervals.gaps and not _never(each)]
    lacking.sort(key=lambda each: (each.share_watched, each.camera_id))
    whole = len(answers) - len(gone) - len(lacking)
    tell = _Teller(language, zone, names)
    parts = [tell.camera(each) for each in lacking[:MOST_CAMERAS]]
    if len(lacking) > MOST_CAMERAS:
        parts.append(tell.others(lacking[MOST_CAMERAS:]))
    if gone:
        parts.append(tell.never(gone))
    if whole:
        parts.append(tell.whole(whole, len(answers)))
    return {"zh": "；", "en": "; "}[language].join(parts) + {"zh": "。", "en": "."}[language]


class _Teller:
    def __init__(self, language: Language, zone: tzinfo, names: Mapping[str, str]) -> None:
        self._language, self._zone, self._names = language, zone, names

    def camera(self, answer: CameraCoverage) -> str:
        gaps = _gaps(answer)
        clock = _clock(answer, self._zone)
        told = [self._gap(gap, clock) for gap in gaps[:MOST_GAPS]]
        name = self._name(answer)
        watched = f"{_percent(answer.share_watched)} %"
        if self._language == "zh":
            more = f"等 {len(gaps)} 段" if len(gaps) > MOST_GAPS else ""
            return f"{name} {'、'.join(told)}{more}，有效看守 {watched}"
        more = f" and {len(gaps) - MOST_GAPS} more gaps" if len(gaps) > MOST_GAPS else ""
        return f"{name} {', '.join(told)}{more}, watched {watched} of the time"

    def others(self, answers: Sequence[CameraCoverage]) -> str:
        low, high = (_percent(each.share_watched) for each in (answers[0], answers[-1]))
        if self._language == "zh":
            return f"另有 {len(answers)} 台有缺口（有效看守 {low}–{high} %）"
        return f"{len(answers)} more with gaps (watched {low}–{high} % of the time)"

    def never(self, answers: Sequence[CameraCoverage]) -> str:
        names = [self._name(each) for each in answers[:MOST_CAMERAS]]
        if self._language == "zh":
            more = f"等 {len(answers)} 台" if len(answers) > MOST_CAMERAS else ""
            return f"{'、'.join(names)}{more} 从未有记录"
        more = f" and {len(answers) - MOST_CAMERAS} more" if len(answers) > MOST_CAMERAS else ""
        return f"{', '.join(names)}{more}: no record at all"

    def whole(self, count: int, of: int) -> str:
        if self._language == "zh":
            return f"{'全部' if count == of else '其余'} {count} 台全程有效看守"
        return f"{'all' if count == of else 'the other'} {count} watched all the time"

    def _gap(self, gap: Interval, clock: Callable[[int], str]) -> str:
        why = REASONS.get(gap.reason, {}).get(self._language, "")
        state = STATES[self._language][gap.state]
        reason = {"zh": f"（{why}）", "en": f" ({why})"}[self._language] if why else ""
        began, ended = clock(gap.from_ms), clock(gap.to_ms)
        day, _, _ = began.rpartition(" ")
        return f"{began}–{ended.removeprefix(f'{day} ')} {state}{reason}"

    def _name(self, answer: CameraCoverage) -> str:
        return self._names.get(answer.camera_id) or answer.camera_id


def _gaps(answer: CameraCoverage) -> list[Interval]:
    return [gap for gap in answer.gaps if gap.length_ms >= SHORT_MS]


def _never(answer: CameraCoverage) -> bool:
    return len(answer.intervals) == 1 and answer.intervals[0].state is State.UNKNOWN and answer.watermark_ms is None


def _percent(share: float) -> str:
    """Return whole percent; what is not all is never called 100, and what is some never 0."""
    if share >= 1:
        return "100"
    return "<1" if 0 < 100 * share < 0.5 else str(min(round(100 * share), 99))


def _clock(answer: CameraCoverage, zone: tzinfo) -> Callable[[int], str]:
    """Return how to write times: with the date where the asked time is on several days, seconds where it is short."""
    first, last = (datetime.fromtimestamp(at / 1000, zone) for at in (answer.from_ms, answer.to_ms - 1))
    seconds = ":%S" if answer.to_ms - answer.from_ms < 3_600_000 else ""
    pattern = ("%H:%M" if first.date() == last.date() else "%m-%d %H:%M") + seconds
    return lambda at_ms: datetime.fromtimestamp(at_ms / 1000, zone).strftime(pattern)
