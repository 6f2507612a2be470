"""segments/: which segments there are and which likelihoods are predicted."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from targeting.workspace.forms import Form, Percentage, Span, Whole, refused

Level = Literal["very low", "low", "middle", "high", "very high"]
QUANTILES: dict[str, float] = {
    "very low": 0.05,
    "low": 0.25,
    "middle": 0.5,
    "high": 0.75,
    "very high": 0.95,
}


class Feature(Form):
    """How a field enters the distance between customers."""

    scale: Literal["rank", "log", "plain"] = "rank"


class Sample(Form):
    """How many customers a model is fitted on."""

    at_most: Whole = 200_000


class Choose(Form):
    """Let the data choose the number of segments."""

    at_most: Whole


class Segments(Form):
    """segments/customers.yaml."""

    window: Span | Literal["all"] = "all"
    features: dict[str, Feature]
    missing: Literal["median"] = "median"
    fitted_on: Sample = Sample()
    refit: Literal["from_previous", "fresh"] = "from_previous"
    names: dict[str, dict[str, Level]] = {}
    choose: Choose | None = None

    @model_validator(mode="after")
    def _names_or_choose(self) -> Self:
        if bool(self.names) == (self.choose is not None):
            raise refused("needs either names or choose", "names: {Loyal: {frequency: high}, …}")
        for name, profile in self.names.items():
            for feature in profile:
                if feature not in self.features:
                    raise refused(
                        f"'{name}' is described by '{feature}', which is not among the features",
                        f"features: {', '.join(self.features)}",
                    )
        return self


class Predicts(Form):
    """The label: what a customer does or not."""

    buys_within: Span | None = None
    within: Annotated[dict[str, str] | None, Field(alias="in")] = None
    comes_back_within: Span | None = None
    buys_nothing_within: Span | None = None
    field: str | None = None
    value: Annotated[str | None, Field(alias="is")] = None

    @model_validator(mode="after")
    def _one_label(self) -> Self:
        times = (self.buys_within, self.comes_back_within, self.buys_nothing_within)
        if sum(way is not None for way in (*times, self.field)) != 1:
            raise refused(
                "needs one label",
                "buys_within: 30 days, comes_back_within: 90 days, buys_nothing_within: 90 days, "
                "or field",
            )
        if self.within is not None and self.field is not None:
            raise refused("has no 'in' where a field is predicted", "{buys_within: 30 days, in: …}")
        if self.field is not None and self.value is None:
            raise refused("does not say which value counts", "{field: will_purchase, is: yes}")
        return self


class JudgedOn(Form):
    """Which data the model has not seen judges it."""

    newest: Span | None = None
    share: Percentage | None = None


class Likelihood(Form):
    """One predicted likelihood, a field for rules under its name."""

    predicts: Predicts
    inputs: Annotated[tuple[str, ...], Field(alias="from", min_length=1)]
    model: Literal["tree", "points", "blend", "cart"] = "tree"
    leaves: Whole = 64
    judged_on: JudgedOn = JudgedOn()


class LinearRegression(Form):
    """The first analysis' regression, for the report only."""

    target: str
    inputs: Annotated[tuple[str, ...], Field(alias="from", min_length=1)]


class Compare(Form):
    """What stands in the report for comparison and nowhere else."""

    linear_regression: LinearRegression | None = None


class Scores(Form):
    """segments/likelihood.yaml: `compare`, and a likelihood under each other key."""

    likelihoods: dict[str, Likelihood] = {}
    compare: Compare = Compare()

    @model_validator(mode="before")
    @classmethod
    def _split(cls, written: object) -> object:
        if not isinstance(written, dict) or "likelihoods" in written:
            return written
        named = {key: value for key, value in written.items() if key != "compare"}
        return {"likelihoods": named} | {k: v for k, v in written.items() if k == "compare"}
