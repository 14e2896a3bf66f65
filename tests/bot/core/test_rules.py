"""What holds for somebody: the operator's word, the server's, and their roles'."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.jobs import QUALITIES, Quality
from bot.core.ledger import Period
from bot.core.models import MODELS, Choice, Rates
from bot.core.rules import Named, OperatorLimits, RoleRules, ServerRules, chosen, rules_for

LIMITS = OperatorLimits(
    allowance_credits=30,
    dm_allowance_credits=7,
    daily_budget_credits=300,
    max_running=8,
    max_running_per_person=2,
    max_waiting=200,
    max_waiting_per_person=5,
    allowed_servers=frozenset({1, 2}),
)
SERVER = 1
LOW, HIGH, TWIN, PLAIN, DELETED = 11, 12, 13, 14, 15
ROLES = {
    LOW: RoleRules(10),
    HIGH: RoleRules(50),
    TWIN: RoleRules(50),
    PLAIN: RoleRules(qualities=frozenset({"720p"})),
}


@pytest.mark.parametrize(
    ("server", "held", "credits", "role"),
    [
        (None, [], 30, None),  # the operator's, where the server says nothing
        (20, [], 20, None),  # the server's, below the operator's
        (40, [], 40, None),  # and above it: the budgets are what the operator is safe by
        (0, [], 0, None),  # nothing is something that a server can say
        (20, [LOW], 20, None),  # a role never takes away
        (20, [HIGH], 50, HIGH),  # and gives
        (0, [LOW], 10, LOW),
        (None, [HIGH], 50, HIGH),
        (None, [LOW], 30, None),
        (20, [LOW, HIGH], 50, HIGH),  # the highest of several
        (20, [TWIN, HIGH], 50, HIGH),  # of equals always the same one
        (50, [HIGH], 50, None),  # an equal one changes nothing
        (20, [PLAIN], 20, None),  # a role without an allowance
        (20, [DELETED, 99], 20, None),  # roles that the server has no rule for
    ],
)
def test_the_highest_allowance_counts(
    server: int | None, held: list[int], credits: int, role: int | None
) -> None:
    rules = rules_for(
        LIMITS, SERVER, ServerRules(allowance_credits=server, roles=ROLES), frozenset(held)
    )
    assert (rules.allowance_credits, rules.allowance_role_id) == (credits, role)


@pytest.mark.parametrize(("server", "credits"), [(None, 7), (3, 3), (0, 0), (90, 90)])
def test_direct_messages_have_the_operators_own_allowance(server: int | None, credits: int) -> None:
    rules = rules_for(LIMITS, 0, ServerRules(allowance_credits=server))
    assert (rules.server_id, rules.allowance_credits) == (0, credits)


@pytest.mark.parametrize(
    ("server", "held", "usable"),
    [
        (["360p", "540p", "720p"], [], ["360p", "540p", "720p"]),
        (["360p"], [], ["360p"]),
        (["360p"], [PLAIN], ["360p", "720p"]),  # a role adds to the server's list
        (["360p", "720p"], [PLAIN], ["360p", "720p"]),
        (["360p"], [HIGH], ["360p"]),
        ([], [], []),
        ([], [PLAIN], ["720p"]),
    ],
)
def test_a_role_adds_qualities_to_the_servers(
    server: list[Quality], held: list[int], usable: list[str]
) -> None:
    rules = rules_for(
        LIMITS, SERVER, ServerRules(qualities=frozenset(server), roles=ROLES), frozenset(held)
    )
    assert sorted(rules.qualities) == usable


def test_what_a_server_says_stands_beside_what_the_operator_says() -> None:
    said = ServerRules(
        period=Period.MONTH,
        budget_credits=100,
        max_running_per_person=9,
        max_waiting_per_person=1,
        channels=frozenset({5}),
    )
    rules = rules_for(LIMITS, SERVER, said)
    assert (rules.daily_budget_credits, rules.budget_credits) == (300, 100)
    assert (rules.max_running_per_person, rules.max_running_here) == (2, 9)
    assert (rules.max_waiting_per_person, rules.max_waiting_here) == (5, 1)
    assert (rules.max_running, rules.max_waiting) == (8, 200)
    assert (rules.period, rules.channels) == (Period.MONTH, frozenset({5}))
    assert rules.allowed_servers == LIMITS.allowed_servers


def test_a_server_that_says_nothing_restricts_nothing() -> None:
    rules = rules_for(LIMITS, SERVER, ServerRules())
    assert (rules.budget_credits, rules.max_running_here, rules.max_waiting_here) == (None,) * 3
    assert (rules.channels, rules.qualities) == (frozenset(), frozenset(QUALITIES))
    assert rules.period is Period.DAY


role_rules = st.builds(
    RoleRules,
    st.none() | st.integers(0, 60),
    st.frozensets(st.sampled_from(QUALITIES)),
)


@given(
    st.none() | st.integers(0, 60),
    st.frozensets(st.sampled_from(QUALITIES)),
    st.dictionaries(st.integers(1, 6), role_rules),
    st.frozensets(st.integers(1, 8)),
)
def test_roles_only_ever_add(
    said: int | None,
    qualities: frozenset[Quality],
    roles: Mapping[int, RoleRules],
    held: frozenset[int],
) -> None:
    server = ServerRules(allowance_credits=said, qualities=qualities, roles=roles)
    rules = rules_for(LIMITS, SERVER, server, held)
    own = [roles[role] for role in held if role in roles]
    base = 30 if said is None else said
    assert rules.allowance_credits == max([base, *(r.allowance_credits or 0 for r in own)])
    assert rules.qualities == qualities.union(*(r.qualities for r in own))
    if rules.allowance_role_id is None:
        assert rules.allowance_credits == base
    else:
        assert rules.allowance_role_id in held
        assert roles[rules.allowance_role_id].allowance_credits == rules.allowance_credits
    everybodys = rules_for(LIMITS, SERVER, server)
    assert (
        replace(
            rules,
            allowance_credits=base,
            allowance_role_id=None,
            qualities=qualities,
        )
        == everybodys
    )


USUAL, FINE = Choice("pixverse-mimic", "540p"), Choice("scail", "576p")
OFFERED = Rates(
    {slug: MODELS[slug].usual_rates for slug in ("pixverse-mimic", "p-video-animate", "scail")}
)


@pytest.mark.parametrize(
    ("named", "closed", "made", "instead_of"),
    [
        ((None, None), (), FINE, None),
        (("scail", None), (), FINE, None),
        ((None, "480p"), (), Choice("scail", "480p"), None),
        ((None, "540p"), (), USUAL, None),
        (("p-video-animate", None), (), Choice("p-video-animate", "720p"), None),
        (("scail", "720p"), (), Choice("scail", "720p"), None),
        ((None, None), ("scail",), USUAL, FINE),
        (("scail", None), ("scail",), Choice("scail", "480p"), FINE),
        ((None, "540p"), ("scail",), USUAL, None),
    ],
)
def test_what_is_named_comes_before_what_is_liked(
    named: tuple[str | None, str | None],
    closed: tuple[str, ...],
    made: Choice,
    instead_of: Choice | None,
) -> None:
    """And both before the usual, which is told where it takes the place of what is liked."""
    rules = rules_for(replace(LIMITS, models=tuple(OFFERED.by_model)), SERVER, ServerRules())
    assert chosen(OFFERED, rules, FINE, Named(*named), closed) == (made, instead_of)
