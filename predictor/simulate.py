"""Made-up card transactions with known frauds: the same seed, the same bytes.

What honest cards do: each has its own pace, price level and hours; some shop at
night, a few per cent of purchases are tiny or large, and many a new card begins
with a spree. What thieves do is PATTERNS. The two overlap on purpose: a night
owl's big purchase looks like a takeover, a new card's spree like a burst.
No real person, no real shop. Scores on such data say nothing about real cards.
"""

import csv
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from predictor.errors import DataError

SHOWCASE_ID = "Y12a34x56"
"""The id of the last fraud of the takeover pattern, in every simulation."""

FRAUD_RATE = 0.01
"""Frauds for each honest transaction, about."""

_DAY = 86_400
_HOUR = 3_600
_YEAR = 365 * _DAY

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cards:
    """The cards: one entry each, in order of index."""

    opened: Integers  # Seconds since 1970.
    pace: Floats  # Purchases a day.
    price: Floats  # Median amount of a purchase.
    owl: npt.NDArray[np.bool_]  # Shops mostly at night.
    start: int  # Of the simulation, seconds since 1970.
    end: int


@dataclass(frozen=True)
class Purchases:
    """Purchases, one entry each, in no order."""

    card: Integers
    time: Integers
    amount: Floats
    pattern: Integers  # Index into PATTERNS, -1 if honest.


@dataclass(frozen=True)
class Pattern:
    """A way to commit fraud: `make` returns the purchases of so many campaigns."""

    name: str
    share: float  # Of all frauds.
    size: float  # Mean purchases of a campaign.
    make: Callable[[np.random.Generator, Cards, int], tuple[Integers, Integers, Floats]]


def _campaigns(
    rng: np.random.Generator, cards: Integers, begin: Integers, low: int, high: int, gap: float
) -> tuple[Integers, Integers]:
    """Return card and time of each purchase: low to high a campaign, `gap` seconds apart."""
    sizes = rng.integers(low, high + 1, len(cards))
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    waited = np.cumsum(rng.exponential(gap, int(sizes.sum())))
    return np.repeat(cards, sizes), np.repeat(begin, sizes) + (waited - waited[first]).astype(
        np.int64
    )


def _some_night(rng: np.random.Generator, cards: Cards, count: int) -> Integers:
    """Return moments between 00:30 and 04:30 on any day but the last."""
    days = max(1, (cards.end - cards.start) // _DAY - 1)
    hours = rng.uniform(0.5, 4.5, count) * _HOUR
    return cards.start + rng.integers(0, days, count) * _DAY + hours.astype(np.int64)


def _early(rng: np.random.Generator, cards: Cards, pick: Integers, mean: float) -> Integers:
    """Return a moment for each card, about `mean` seconds after its opening, before the end.

    For a card that was open before the simulation, any moment.
    """
    any_time = rng.uniform(cards.start, cards.end, len(pick))
    after = cards.opened[pick] + rng.exponential(mean, len(pick))
    moment = np.where(cards.opened[pick] >= cards.start, after, any_time)
    early: Integers = np.minimum(moment, cards.end - 2 * _HOUR).astype(np.int64)
    return early


def _card_testing(
    rng: np.random.Generator, cards: Cards, count: int
) -> tuple[Integers, Integers, Floats]:
    """Try out stolen numbers: 10 to 30 purchases under 4, seconds apart, at any hour.

    Mostly on cards opened during the simulation, where the pace shows at once.
    """
    fresh = np.flatnonzero(cards.opened >= cards.start)
    pick = rng.choice(fresh if len(fresh) else np.arange(len(cards.opened)), count)
    anyone = rng.integers(0, len(cards.opened), count)
    pick = np.where(rng.random(count) < 0.75, pick, anyone)
    card, time = _campaigns(rng, pick, _early(rng, cards, pick, 6 * _DAY), 10, 30, 25.0)
    return card, time, rng.uniform(0.3, 4.0, len(card))


def _account_takeover(
    rng: np.random.Generator, cards: Cards, count: int
) -> tuple[Integers, Integers, Floats]:
    """Take over an old account: 2 to 5 purchases of about 900, deep in the night.

    The last campaign is staged: the oldest card, from 02:41 on the last night, the
    greatest amount last.
    """
    begin = _some_night(rng, cards, count)
    old = np.argsort(cards.opened, kind="stable")[: max(1, len(cards.opened) // 2)]
    card, time = _campaigns(rng, rng.choice(old, count), begin, 2, 5, 300.0)
    amount = rng.lognormal(np.log(900.0), 0.55, len(card))
    night = cards.end - _DAY + 2 * _HOUR + 41 * 60
    keep = time < night
    staged = np.array([0, 8, 19, 31], dtype=np.int64) * 60 + night
    return (
        np.append(card[keep], np.repeat(old[:1], 4)),
        np.append(time[keep], staged),
        np.append(amount[keep], [649.0, 1180.0, 1725.5, 2349.99]),
    )


def _new_account_burst(
    rng: np.random.Generator, cards: Cards, count: int
) -> tuple[Integers, Integers, Floats]:
    """Empty an account opened for it: 6 to 16 purchases of about 220 in its first hours."""
    fresh = np.flatnonzero(cards.opened >= cards.start)
    pick = rng.choice(fresh if len(fresh) else np.arange(len(cards.opened)), count)
    card, time = _campaigns(rng, pick, _early(rng, cards, pick, 9 * _HOUR), 6, 16, 900.0)
    return card, time, rng.lognormal(np.log(220.0), 0.6, len(card))


def _night_spending(
    rng: np.random.Generator, cards: Cards, count: int
) -> tuple[Integers, Integers, Floats]:
    """Spend from a card lost that evening: 3 to 8 purchases of about 160, from 00:30 on."""
    pick = rng.integers(0, len(cards.opened), count)
    begin = _some_night(rng, cards, count)
    card, time = _campaigns(rng, pick, begin, 3, 8, 700.0)
    return card, time, rng.lognormal(np.log(160.0), 0.5, len(card))


PATTERNS = (
    Pattern("card_testing", 0.25, 20.0, _card_testing),
    Pattern("account_takeover", 0.35, 3.5, _account_takeover),
    Pattern("new_account_burst", 0.2, 11.0, _new_account_burst),
    Pattern("night_spending", 0.2, 5.5, _night_spending),
)


def _make_cards(rng: np.random.Generator, count: int, start: int, days: int) -> Cards:
    """Return cards: two thirds up to ten years old, the others opened before the last day."""
    before = start - np.minimum(rng.exponential(3 * _YEAR, count), 10 * _YEAR)
    hours = _honest_hours(rng, np.zeros(count, dtype=np.bool_))
    during = start + rng.integers(0, days - 1, count) * _DAY + hours * _HOUR
    opened = np.where(rng.random(count) < 0.65, before, during).astype(np.int64)
    opened[0] = start - 6 * _YEAR
    return Cards(
        opened=opened,
        pace=rng.lognormal(np.log(0.9), 0.5, count),
        price=rng.lognormal(np.log(28.0), 0.5, count),
        owl=rng.random(count) < 0.06,
        start=start,
        end=start + days * _DAY,
    )


def _honest_hours(rng: np.random.Generator, owl: npt.NDArray[np.bool_]) -> Floats:
    """Return the hour of day of each purchase, 0 to 24: round 14:30, for owls round midnight."""
    by_night = rng.random(len(owl)) < np.where(owl, 0.7, 0.02)
    night, day = rng.normal(24.5, 2.5, len(owl)), rng.normal(14.5, 3.4, len(owl))
    hours: Floats = np.mod(np.where(by_night, night, day), 24.0)
    return hours


def _honest_amounts(rng: np.random.Generator, price: Floats) -> Floats:
    """Return an amount for each purchase: at the card's price, some tiny, some large."""
    usual = price * rng.lognormal(0.0, 0.85, len(price))
    tiny = rng.uniform(0.3, 4.0, len(price))
    large = rng.lognormal(np.log(600.0), 0.7, len(price))
    kind = rng.random(len(price))
    return np.where(kind < 0.02, tiny, np.where(kind < 0.032, large, usual))


def _honest(rng: np.random.Generator, cards: Cards) -> Purchases:
    """Return what owners buy: all the time, in sprees on a new card, and often to open it."""
    begin = np.maximum(cards.opened, cards.start)
    counts = rng.poisson(cards.pace * (cards.end - begin) / _DAY)
    card = np.repeat(np.arange(len(counts)), counts)
    moment = begin[card] + rng.random(len(card)) * (cards.end - begin)[card]
    hours = _honest_hours(rng, cards.owl[card])
    time = (moment // _DAY * _DAY + hours * _HOUR).astype(np.int64)
    amount = _honest_amounts(rng, cards.price[card])
    fresh = np.flatnonzero(cards.opened >= cards.start)
    spenders = fresh[rng.random(len(fresh)) < 0.4]
    begun = _early(rng, cards, spenders, 12 * _HOUR)
    spree, spree_time = _campaigns(rng, spenders, begun, 3, 8, 2_400.0)
    spree_amount = rng.lognormal(np.log(90.0), 0.7, len(spree))
    first = fresh[rng.random(len(fresh)) < 0.6]
    card = np.concatenate([card, spree, first])
    time = np.concatenate([time, spree_time, cards.opened[first]])
    # A purchase that its hour moved before the opening happens at the opening.
    return Purchases(
        card=card,
        time=np.maximum(time, begin[card]),
        amount=np.concatenate([amount, spree_amount, _honest_amounts(rng, cards.price[first])]),
        pattern=np.full(len(card), -1, dtype=np.int64),
    )


def _frauds(rng: np.random.Generator, cards: Cards, total: float) -> list[Purchases]:
    made = []
    for index, pattern in enumerate(PATTERNS):
        count = max(2, round(pattern.share * total / pattern.size))
        card, time, amount = pattern.make(rng, cards, count)
        # A campaign on a card not yet open begins when it opens.
        time = np.maximum(time, cards.opened[card])
        marks = np.full(len(card), index, dtype=np.int64)
        made.append(Purchases(card=card, time=time, amount=amount, pattern=marks))
    return made


def simulate(*, accounts: int, days: int, seed: int, start: int) -> tuple[Cards, Purchases]:
    """Return cards and their purchases in order of time, equal for equal arguments.

    `start` is midnight of the first day, seconds since 1970. About 160,000 purchases
    for 1,000 accounts and 180 days, one per cent of them frauds.
    """
    if accounts < 10 or days < 7:
        raise DataError("a simulation takes at least 10 accounts and 7 days")
    if start < 0:
        raise DataError("a simulation starts in 1970 or later")
    rng = np.random.default_rng(seed)
    cards = _make_cards(rng, accounts, start, days)
    honest = _honest(rng, cards)
    parts = [honest, *_frauds(rng, cards, FRAUD_RATE * len(honest.card))]
    time = np.concatenate([part.time for part in parts])
    order = np.argsort(time, kind="stable")
    order = order[time[order] < cards.end]
    amount = np.round(np.concatenate([part.amount for part in parts])[order], 2)
    return cards, Purchases(
        card=np.concatenate([part.card for part in parts])[order],
        time=time[order],
        amount=np.maximum(amount, 0.01),
        pattern=np.concatenate([part.pattern for part in parts])[order],
    )


def _ids(count: int, seed: int) -> list[str]:
    """Return ids that do not show the order; unique, because the factor is odd."""
    return [f"T{(n * 0x9E3779B1 + seed) & 0xFFFFFFFF:08x}" for n in range(count)]


def write(
    transactions: Path, accounts: Path, cards: Cards, purchases: Purchases, seed: int
) -> None:
    """Write both CSV files; the last takeover gets SHOWCASE_ID."""
    names = [f"card-{number:06d}" for number in range(1, len(cards.opened) + 1)]
    currencies = np.random.default_rng(seed).choice(
        ["EUR", "USD", "GBP"], len(names), p=[0.7, 0.2, 0.1]
    )
    ids = _ids(len(purchases.card), seed)
    takeover = next(i for i, p in enumerate(PATTERNS) if p.name == "account_takeover")
    ids[int(np.flatnonzero(purchases.pattern == takeover)[-1])] = SHOWCASE_ID
    patterns = [*(pattern.name for pattern in PATTERNS), ""]  # -1 is the last.
    card = purchases.card.tolist()
    with transactions.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(
            ["transaction_id", "account_id", "amount", "currency", "time", "pattern", "label"]
        )
        out.writerows(
            zip(
                ids,
                (names[c] for c in card),
                purchases.amount.tolist(),
                currencies[purchases.card].tolist(),
                purchases.time.tolist(),
                (patterns[p] for p in purchases.pattern.tolist()),
                (purchases.pattern >= 0).astype(np.int64).tolist(),
                strict=True,
            )
        )
    with accounts.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["account_id", "opened_at"])
        out.writerows(zip(names, cards.opened.tolist(), strict=True))


def midnight(day: dt.date) -> int:
    """Return the seconds from 1970 to the beginning of the day (UTC)."""
    return int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp())


def run(
    *, transactions: Path, accounts: Path, count: int, days: int, seed: int, start: dt.date
) -> None:
    """Simulate and write both files, whose directories are made if need be."""
    cards, purchases = simulate(accounts=count, days=days, seed=seed, start=midnight(start))
    for path in (transactions, accounts):
        path.parent.mkdir(parents=True, exist_ok=True)
    write(transactions, accounts, cards, purchases, seed)
