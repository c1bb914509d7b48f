"""card.md: a model described for people (after Mitchell et al. 2019, model cards)."""

from predictor.features import REASONS, Extractor
from predictor.manifest import Manifest

_TEMPLATE = """# Model {version}

Rates card transactions by how likely they are fraud, from {facts_count} facts: {facts}.
It sees no account, no date and no place.

## Training

{rows} The data has {data_rows}, split by time: the
earliest part is to train on, the next calibrates and sets the threshold, the latest, which
nothing was chosen by, tests. Data sha256 `{data_sha256}`, seed {seed}, trained at
{trained_at}.

Engine {engine}, {features_count} features: {features}.
They are explained as {reasons}.
Calibration: Platt scaling, slope {slope:.4f}, intercept {intercept:.4f}.
Threshold {threshold:.6f}, by this rule: {threshold_rule}.

## On the latest part

| figure | value | 95 % interval |
|---|---|---|
{metrics}

Intervals are of a bootstrap over accounts.

| promised, % | seen, % | rows |
|---|---|---|
{bins}

![Precision and recall](precision_recall.png)
![Reliability](reliability.png)
![Scores](scores.png)
![Gain](gain.png)

## Limits

- The figures hold for data like that of the training. Simulated data is far easier
  than real card transactions: expect real figures to be much lower.
- It adds evidence for a person or a rule; it should not be the only reason to
  refuse somebody.
- Time of day is UTC, amounts are not converted: one region and one level of
  prices are assumed.
- Fraud changes. Compare the figures on new outcomes regularly, and train again.
"""


def text(about: Manifest) -> str:
    """Return the text of card.md."""
    reasons = Extractor(about.features).reasons
    return _TEMPLATE.format(
        version=about.version,
        facts_count=len(about.facts),
        facts=", ".join(about.facts),
        rows=_trained(about.training.rows),
        data_rows=f"{about.training.data_rows:,}",
        data_sha256=about.training.data_sha256,
        seed=about.training.seed,
        trained_at=about.trained_at,
        engine=about.engine,
        features_count=len(about.features),
        features=", ".join(about.features),
        reasons=", ".join(code for code in REASONS if code in {r.code for r in reasons}),
        slope=about.calibration.slope,
        intercept=about.calibration.intercept,
        threshold=about.threshold,
        threshold_rule=about.threshold_rule,
        metrics="\n".join(_figures(about)),
        bins="\n".join(
            f"| {100 * b.promised:.2f} | {100 * b.seen:.2f} | {b.rows:,.0f} |"
            for b in about.bins
            if b.rows
        ),
    )


def _trained(rows: int) -> str:
    if not rows:
        return "Trained elsewhere, on rows that are not known here."
    return f"Trained and calibrated on {rows:,} transactions."


def _figures(about: Manifest) -> list[str]:
    found = []
    for name, value in about.metrics.items():
        if f"{name}.low" in about.metrics:
            low, high = about.metrics[f"{name}.low"], about.metrics[f"{name}.high"]
            found.append(f"| {name} | {value:.6g} | {low:.6g} to {high:.6g} |")
    return found
