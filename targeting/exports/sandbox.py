"""Where message templates run: Jinja2's sandbox, and how much one message may do.

The sandbox keeps Python's insides away, but lets a template loop for hours and build a gigabyte.
So only the constructs of `grammar` compile, filters and tests are ours, and each message has a
budget of steps, of work and of length.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from jinja2 import DictLoader, StrictUndefined, Template, nodes
from jinja2.exceptions import TemplateAssertionError, TemplateError
from jinja2.filters import do_default
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import SandboxedEnvironment
from jinja2.visitor import NodeTransformer

from targeting.exports.grammar import TESTS, Fault, count_parts, list_faults

LONGEST_MESSAGE: Final = 20_000  # characters
MOST_STEPS: Final = 10_000  # turns of loops, and templates included, a message
# Parts of templates gone through in turns of loops and in includes; signs and items handled.
MOST_WORK: Final = 250_000
_LARGEST_BITS: Final = 256  # of a whole number

# Names that a template cannot spell: filters put in by the compiler below.
_STEPS: Final = "steps of a loop"
_JOINED: Final = "texts joined"
_WEIGHED: Final = "what is compared"


class TooMuch(Exception):
    """A message grows or runs past its budget."""


class Unfit(Exception):
    """A value that cannot be used so; says why in the reader's words."""


class MessageEnvironment(SandboxedEnvironment):
    """Compiles templates of the small language; `spend` starts a message's budget anew."""

    intercepted_binops = frozenset(["+", "-", "*", "/", "//", "%", "**"])

    def __init__(
        self, templates: Mapping[str, str], filters: Mapping[str, Callable[..., object]]
    ) -> None:
        super().__init__(
            loader=DictLoader(dict(templates)),
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=shown,
            auto_reload=False,
            cache_size=-1,
        )
        self.steps = self.work = 0
        self._parts: dict[str | None, int] = {}  # of each template that was compiled
        self.globals: dict[str, Any] = {"range": self._range}
        own = {name: self._charged(filter_) for name, filter_ in filters.items()}
        self.filter_names = tuple(sorted([*own, "default", "d"]))
        self.filters = {**own, "default": do_default, "d": do_default}
        self.filters |= {_STEPS: self._stepped, _JOINED: self._joined, _WEIGHED: self._weighed}
        self.tests = {name: self.tests[name] for name in TESTS}

    def spend(self) -> None:
        """Begin a new message."""
        self.steps = self.work = 0

    def render(self, template: Template, names: dict[str, Any]) -> str:
        """Give one message.

        Raises:
            TooMuch: it is past its length, steps or work.
        """
        self.spend()
        pieces: list[str] = []
        length = 0
        for piece in template.root_render_func(template.new_context(names, shared=True)):
            pieces.append(piece)
            length += len(piece)
            if length > LONGEST_MESSAGE:
                raise TooMuch(_TOO_LONG)
        return "".join(pieces)

    def faults(self, tree: nodes.Template) -> list[Fault]:
        """List what may not stand in a template, in the order of its lines."""
        return list_faults(tree, self.filter_names, tuple(self.tests))

    def get_template(self, name: str | Template, *args: Any, **kwargs: Any) -> Template:
        """Give a template; an include is a step, and as much work as it has parts."""
        self._step()
        template = super().get_template(name, *args, **kwargs)
        self._charge(self._parts.get(template.name, 0))
        return template

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Work out `left operator right` where the result stays small."""
        if isinstance(left, Undefined) or isinstance(right, Undefined):
            return _OPERATORS[operator](left, right)  # raises, and names what is undefined
        kinds = (type(left), type(right))
        if operator == "+" and kinds in ((str, str), (list, list)):
            self._charge(len(left) + len(right))
            return _within(len(left) + len(right), lambda: left + right)
        if operator == "*" and kinds in ((str, int), (int, str)):
            text, times = (left, right) if kinds[0] is str else (right, left)
            length = len(text) * max(0, times)
            return self._weighed(_within(length, lambda: text * times))
        if not all(issubclass(kind, int | float) for kind in kinds):
            raise Unfit(f"'{operator}' stands between {_said(left)} and {_said(right)}")
        if all(issubclass(kind, int) for kind in kinds):
            _refuse_giants(operator, left, right)
        return _OPERATORS[operator](left, right)

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> Any:
        faults = self.faults(source)
        if faults:
            raise TemplateAssertionError(faults[0].message, faults[0].line)
        self._parts[args[0]] = count_parts(source.body)
        return super()._generate(_Counted(self).visit(source), *args, **kwargs)

    def _step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TooMuch(f"takes more than {MOST_STEPS:,} steps")

    def _charge(self, work: int) -> None:
        self.work += work
        if self.work > MOST_WORK:
            raise TooMuch("takes too much work")

    def _charged(self, filter_: Callable[..., object]) -> Callable[..., object]:
        """Charge a filter for what it takes and gives; let a missing value through.

        So `| date | default("soon")` reads as it should.
        """

        def passed(value: object, *args: object, **kwargs: object) -> object:
            if isinstance(value, Undefined):
                return value
            self._weighed(value)
            return self._weighed(filter_(value, *args, **kwargs))

        return passed

    def _weighed(self, value: Any) -> Any:
        self._charge(len(value) if isinstance(value, str | list | tuple | range) else 1)
        return value

    def _joined(self, parts: list[Any]) -> str:
        return str(self._weighed(short_enough("".join(str(shown(part)) for part in parts))))

    def _stepped(self, values: Iterable[Any], parts: int) -> Iterator[Any]:
        for value in values:
            self._step()
            self._charge(parts)
            yield value

    def _range(self, *ends: int) -> range:
        if not all(type(end) is int for end in ends) or len(ends) > 3:
            raise Unfit("range takes whole numbers")
        try:
            numbers = range(*ends)
            too_many = len(numbers) > MOST_STEPS
        except OverflowError:
            too_many = True
        except ValueError:
            raise Unfit("range cannot go by steps of 0") from None
        if too_many:
            raise TooMuch(f"takes more than {MOST_STEPS:,} steps")
        return numbers


FAILURES: Final = (
    TooMuch, Unfit, TemplateError, RecursionError, MemoryError,
    TypeError, ValueError, ArithmeticError, LookupError, AttributeError,
)  # fmt: skip


def line_of(error: BaseException, name: str) -> tuple[str, int]:
    """Give the template (`name`, or one that it includes) and the line that raised an error."""
    line = 1
    step = error.__traceback__
    while step is not None:
        template = step.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template):
            name, line = str(template.name), template.get_corresponding_lineno(step.tb_lineno)
        step = step.tb_next
    return name, line


def shown(value: Any) -> Any:
    """Print a value as a person writes it: 1234.5, yes, 2026-11-24, "Audio, Phones"."""
    import datetime as dt

    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        text = f"{value:.6f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text
    if isinstance(value, int | dt.date):
        return str(value)
    if isinstance(value, list | tuple):
        return ", ".join(str(shown(item)) for item in value)
    if isinstance(value, Undefined):
        return str(value)  # raises, and names it
    raise Unfit(f"{_said(value)} cannot be printed")


def short_enough(text: str) -> str:
    """Let a text through that a message can hold."""
    if len(text) > LONGEST_MESSAGE:
        raise TooMuch(_TOO_LONG)
    return text


class _Counted(NodeTransformer):
    """Sends loops, joined texts and comparisons through the budget."""

    def __init__(self, environment: MessageEnvironment) -> None:
        self.environment = environment

    def visit_For(self, node: nodes.For) -> nodes.For:
        parts = count_parts([*node.body, *([node.test] if node.test else [])])
        self.generic_visit(node)
        values = node.iter
        assert isinstance(values, nodes.Expr)
        cost = nodes.Const(parts, lineno=node.lineno, environment=self.environment)
        node.iter = self._through(_STEPS, values, cost)
        return node

    def visit_Operand(self, node: nodes.Operand) -> nodes.Operand:
        self.generic_visit(node)
        node.expr = self._through(_WEIGHED, node.expr)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:
        self.generic_visit(node)
        parts: nodes.Expr = nodes.List(node.nodes, lineno=node.lineno, environment=self.environment)
        return self._through(_JOINED, parts)

    def _through(self, name: str, node: nodes.Expr, *more: nodes.Expr) -> nodes.Filter:
        return nodes.Filter(
            node, name, list(more), [], None, None, lineno=node.lineno, environment=self.environment
        )


_TOO_LONG: Final = f"is longer than {LONGEST_MESSAGE:,} characters"
_OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


def _within(length: int, work: Callable[[], Any]) -> Any:
    if length > LONGEST_MESSAGE:
        raise TooMuch(_TOO_LONG)
    return work()


def _refuse_giants(sign: str, left: int, right: int) -> None:
    bits = left.bit_length() + right.bit_length()
    if sign == "**":
        bits = left.bit_length() * abs(right) if abs(right) <= _LARGEST_BITS else _LARGEST_BITS + 1
    if bits > _LARGEST_BITS:
        raise TooMuch("computes a number too large to use")


def _said(value: Any) -> str:
    kinds = {str: "a text", bool: "a yes/no", int: "a number", float: "a number"}
    kinds |= {list: "a list", tuple: "a list", type(None): "nothing"}
    return kinds.get(type(value), "this")
