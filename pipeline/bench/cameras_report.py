"""The figures of `zhian bench cameras` as one HTML page with plots, and their signature."""

import base64
import hashlib
import hmac
import io
import json
from collections.abc import Mapping
from html import escape

from pipeline.bench.cameras import CamerasFigures

PROVES = (
    "Whoever holds the key made or approved exactly these figures. It does not prove on which machine they were taken."
)
_STYLE = "body{font:15px system-ui;margin:2em;max-width:70em}table{border-collapse:collapse}td,th{padding:.2em .8em;\
text-align:right;border-bottom:1px solid #ddd}img{max-width:100%}"
_HEADINGS = ("camera 摄像机", "fps in", "analysed 已分析", "dropped 丢弃", "p50 ms", "p95 ms", "sightings", "why 原因")


def cameras_report(found: CamerasFigures) -> str:
    """Return a page that needs nothing else: the verdict, a row per camera, where the CPU time went, what was tried."""
    load = found.load
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td>{escape(str(value))}</td>"
            for value in (
                each.camera,
                each.fps_in,
                each.fps_analysed,
                each.dropped,
                each.latency_p50_ms,
                each.latency_p95_ms,
                each.sightings,
                each.why,
            )
        )
        + "</tr>"
        for each in load.per_camera
    )
    head = "".join(f"<th>{heading}</th>" for heading in _HEADINGS)
    verdict = "held 达标" if load.sustained else f"did not hold 未达标: {escape(load.why_not)}"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>zhian bench cameras</title>'
        f"<style>{_STYLE}</style>"
        f"<h1>{load.cameras} cameras 路: {verdict}</h1>"
        f"<p>Largest number that held 最大达标路数: <b>{found.max_cameras}</b>. {load.cpu_cores:.2f} cores, "
        f"{load.memory_mb:.0f} MB, {load.fps:g} pictures a second of each, {load.seconds:g} s.</p>"
        '<p><img alt="where the CPU time went; latency; what was tried" '
        f'src="data:image/png;base64,{_plots(found)}"></p>'
        f"<table><tr>{head}</tr>{rows}</table></html>"
    )


def _plots(found: CamerasFigures) -> str:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 3.6), layout="constrained")
    shares, delays, tried = figure.subplots(1, 3)
    load = found.load
    shares.barh(list(load.cpu_share), [100 * share for share in load.cpu_share.values()])
    shares.invert_yaxis()
    shares.set(title="CPU time by stage", xlabel="%")
    ranked = sorted(each.latency_p95_ms or 0.0 for each in load.per_camera)
    delays.bar(range(1, len(ranked) + 1), ranked)
    delays.axhline(500, color="tab:red", linewidth=1)
    delays.set(title="latency p95 of each camera", ylabel="ms", xlabel="cameras, by latency")
    for each in found.tried:
        tried.plot(each.cameras, each.cpu_cores, "o", color="tab:green" if each.sustained else "tab:red")
    tried.set(title="tried: green held", xlabel="cameras", ylabel="cores", xlim=(0, None), ylim=(0, None))
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=110)
    return base64.b64encode(png.getvalue()).decode("ascii")


def signed(figures: Mapping[str, object], key: bytes) -> dict[str, object]:
    """Return the figures with an HMAC-SHA256 over their canonical JSON."""
    return {**figures, "signature": {"algorithm": "HMAC-SHA256", "proves": PROVES, "value": _mac(figures, key)}}


def is_signed(figures: Mapping[str, object], key: bytes) -> bool:
    """Say whether the signature in `figures` is that of this key over the rest of them."""
    rest = {name: value for name, value in figures.items() if name != "signature"}
    signature = figures.get("signature")
    value = signature.get("value") if isinstance(signature, dict) else None
    return isinstance(value, str) and hmac.compare_digest(value, _mac(rest, key))


def _mac(figures: Mapping[str, object], key: bytes) -> str:
    text = json.dumps(figures, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hmac.new(key, text.encode("ascii"), hashlib.sha256).hexdigest()
