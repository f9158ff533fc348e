"""What can go wrong with networks.

ModelError
├── UnknownModel       no card of that name
├── ModelMissing       the card exists, the file is not on this machine (says `zhian models fetch`)
├── ModelCorrupt       the file's sha256 differs from the card
├── FetchFailed        no source or mirror could deliver the file
├── EngineUnavailable  the asked engine or provider does not exist here
├── SpaceMismatch      vectors of two embedding spaces met
├── BadPicture         the picture is empty, unreadable or too large
├── BadRecipe          a training recipe, or the crops it names, cannot be used
└── TrainingMissing    what only training needs is not installed
"""


class ModelError(Exception):
    """Root of the floor's errors; the message is one sentence that says what to do."""


class UnknownModel(ModelError):
    """No model card has this name."""


class ModelMissing(ModelError):
    """The network's file is not on this machine."""

    def __init__(self, name: str) -> None:
        super().__init__(f"model {name} is not on this machine: run `zhian models fetch {name}`")
        self.name = name


class ModelCorrupt(ModelError):
    """A file differs from its card."""


class FetchFailed(ModelError):
    """A download did not arrive whole."""


class EngineUnavailable(ModelError):
    """The asked inference engine or provider is not available."""


class SpaceMismatch(ModelError):
    """Vectors of different embedding spaces were to be compared."""

    def __init__(self, left: object, right: object) -> None:
        super().__init__(f"vectors of {left} and {right} cannot be compared: embed both with the same model")


class BadPicture(ModelError):
    """A picture is empty, unreadable or too large."""


class BadRecipe(ModelError):
    """A training recipe, or the crops it names, cannot be used."""


class TrainingMissing(ModelError):
    """What only training needs is not installed."""
