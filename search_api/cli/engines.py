"""The engine of the detector is measured once on every machine, before the first long work."""

from typing import TYPE_CHECKING

from search_api.cli.consoles import remark

if TYPE_CHECKING:
    from pipeline.settings import ModelSettings


def know_engines(models: "ModelSettings | None" = None, batch: int = 8) -> None:
    """Measure which engine is the fastest for the detector, unless the configuration or an earlier start tells.

    Where the figures cannot be kept, the rule of `models.engine.choose` decides. Raises ModelError.
    """
    from models.cards import card
    from models.choose import best_detector
    from models.measuring import is_open, measure
    from models.store import ModelStore
    from pipeline.assembly import engine_settings
    from pipeline.settings import ModelSettings

    models = models or ModelSettings()
    store, settings = ModelStore(), engine_settings(models)
    detector = card(models.detector or best_detector(store)[0])
    if not is_open(detector, store, settings, batch):
        return
    remark("measuring once which engine is the fastest here: a few seconds. 首次启动：测量本机最快的推理引擎，需几秒。")
    try:
        measure(detector, store, settings, batch)
    except OSError as error:
        remark(f"the figures cannot be kept in {store.home}: {(error.strerror or 'not writable').lower()}")
