"""The language of templates: Jinja, in a sandbox, and of it only what ends.

Text, variables, `if`, comparisons and a few filters. Without loops, calls, attributes and arithmetic, no template
runs longer or grows larger than what it is made of, and as texts alone are compared and given to filters, none fails
with some values only. That is looked at before anything is compiled, since compiling already computes what is constant.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from subgraphs.notifications.rules import KINDS, VARIABLES, Channel, one_line, readable

MAXIMUM_SOURCE, MAXIMUM_NODES, MAXIMUM_DEPTH = 10_000, 500, 20
MAXIMUM_RESULT = {Channel.EMAIL: 100_000, Channel.SMS: 1600}
FILTERS = ("capitalize", "default", "lower", "title", "trim", "upper")

_TAKEN = {"trim": "one text at most", "default": "a text, and `true` where it is to stand for an empty one too"}
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, cache_size=0)
_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter),
)
_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.For: "`for`",
    nodes.Call: "a call",
    nodes.Getattr: "an attribute",
    nodes.Getitem: "an item of something",
    nodes.Assign: "`set`",
    nodes.AssignBlock: "`set`",
    nodes.Macro: "`macro`",
    nodes.CallBlock: "`call`",
    nodes.Block: "`block`",
    nodes.Extends: "`extends`",
    nodes.Include: "`include`",
    nodes.Import: "`import`",
    nodes.FromImport: "`import`",
    nodes.With: "`with`",
    nodes.FilterBlock: "`filter` as a block",
    nodes.Test: "`is`",
    nodes.Concat: "`~`",
    nodes.Keyword: "a name for what a filter takes",
    nodes.BinExpr: "arithmetic",
    nodes.UnaryExpr: "arithmetic",
}


class Unfit(Exception):
    """A template that cannot be one; the text says what is wrong with it, in `part`, its `subject` or its `body`."""

    def __init__(self, message: str, part: str = "body") -> None:
        super().__init__(message)
        self.part = part


@dataclass(frozen=True, slots=True)
class Letter:
    """What a template gives: a subject for an e-mail alone."""

    subject: str | None
    body: str


def check(event: str, channel: Channel, subject: str | None, body: str) -> Letter:
    """The template rendered with sample data. Raises Unfit for what does not render in each of its branches."""
    kind = KINDS[event]
    if subject is not None:
        _check_part("subject", subject, tuple(name for name in kind.variables if name != "link"), channel)
    _check_part("body", body, kind.variables, channel)
    letter = render(channel, subject, body, samples(event))
    if any(VARIABLES[name].sample not in letter.body for name in kind.required):
        raise Unfit(f"The body has to say {{{{ {kind.required[0]} }}}}, unchanged.")
    return letter


def render(channel: Channel, subject: str | None, body: str, values: Mapping[str, str]) -> Letter:
    """Raises Unfit for what `check` would not have let through."""
    text = readable(_rendered(_compiled(body), values)).strip()
    if channel is Channel.SMS:
        return Letter(None, text)
    return Letter(None if subject is None else one_line(_rendered(_compiled(subject), values)), text + "\n")


def samples(event: str) -> dict[str, str]:
    return {name: VARIABLES[name].sample for name in KINDS[event].variables}


def html_of(text: str, link: str | None = None) -> str:
    """The same as HTML: everything escaped, a paragraph for each, and the link to be followed."""
    shown = escape(text.strip())
    if link is not None:
        shown = shown.replace(escape(link), f'<a href="{escape(link)}">{escape(link)}</a>')
    paragraphs = (part.strip().replace("\n", "<br>\n") for part in shown.split("\n\n"))
    return "".join(f"<p>{part}</p>\n" for part in paragraphs if part)


def _check_part(part: str, source: str, variables: tuple[str, ...], channel: Channel) -> None:
    try:
        _check_words(_parsed(source), variables)
        _check_results(source, variables, channel)
    except Unfit as unfit:
        raise Unfit(str(unfit), part) from None


def _parsed(source: str) -> nodes.Template:
    if len(source) > MAXIMUM_SOURCE:
        raise Unfit(f"A template has {MAXIMUM_SOURCE} characters at most.")
    try:
        return _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise Unfit(f"Line {error.lineno}: {error.message}") from None
    except (RecursionError, MemoryError, ValueError, OverflowError):
        raise Unfit("This is nested too deeply, or has a number that is too large.") from None


def _check_words(tree: nodes.Template, variables: tuple[str, ...]) -> None:
    bounded = list(_bounded(tree))
    for node in bounded:
        _check_node(node, variables)
    for node in bounded:
        _check_texts(node)


def _bounded(tree: nodes.Template) -> Iterator[nodes.Node]:
    for count, (node, depth) in enumerate(_walk(tree)):
        if count > MAXIMUM_NODES:
            raise Unfit(f"This has too much in it: {MAXIMUM_NODES} pieces are the most.")
        if depth > MAXIMUM_DEPTH:
            raise Unfit(f"Line {node.lineno}: this is nested too deeply.")
        yield node


def _check_node(node: nodes.Node, variables: tuple[str, ...]) -> None:
    if not isinstance(node, _ALLOWED):
        raise Unfit(f"Line {node.lineno}: {_named(node)} has no place in a template.")
    if isinstance(node, nodes.Filter) and (node.name not in FILTERS or node.node is None):
        raise Unfit(f"Line {node.lineno}: there is no filter `{node.name}`. There are {', '.join(FILTERS)}.")
    if isinstance(node, nodes.Name) and node.name not in variables:
        known = ", ".join(variables) or "none"
        raise Unfit(f"Line {node.lineno}: `{node.name}` is no variable that can be said here. There are: {known}.")


def _check_texts(node: nodes.Node) -> None:
    if isinstance(node, nodes.Compare) and not all(map(_is_text, (node.expr, *(each.expr for each in node.ops)))):
        raise Unfit(f"Line {node.lineno}: only texts are compared, as in `'5'` instead of `5`.")
    if isinstance(node, nodes.Filter) and not _takes(node):
        raise Unfit(f"Line {node.lineno}: the filter `{node.name}` takes {_TAKEN.get(node.name, 'nothing')}.")


def _is_text(node: nodes.Node | None) -> bool:
    """Whether it gives a text whatever the variables hold."""
    match node:
        case nodes.Name() | nodes.Const(value=str()):
            return True
        case nodes.Filter():
            return node.name != "default" or _is_text(node.node)
        case nodes.And() | nodes.Or():
            return _is_text(node.left) and _is_text(node.right)
        case nodes.CondExpr():
            return _is_text(node.expr1) and _is_text(node.expr2)
    return False


def _takes(given: nodes.Filter) -> bool:
    if given.dyn_args or given.dyn_kwargs:
        return False
    match given.name, given.args:
        case _, []:
            return True
        case (("trim" | "default"), [text]):
            return _is_text(text)
        case "default", [text, nodes.Const(value=bool())]:
            return _is_text(text)
    return False


def _named(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return f"the attribute `.{node.attr}`"
    return next((word for kind, word in _WORDS.items() if isinstance(node, kind)), f"`{type(node).__name__.lower()}`")


def _walk(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    """Every node and how deep it stands, without recursion."""
    waiting = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in node.iter_child_nodes())


def _check_results(source: str, variables: tuple[str, ...], channel: Channel) -> None:
    """With sample data, and with values as long as they may be; all branches together, and as it is."""
    straight = _parsed(source)
    straight.body = list(_straight(straight.body))
    compiled = _compiled_tree(straight)
    for values in ({name: VARIABLES[name].sample for name in variables}, _longest(variables)):
        if len(_rendered(compiled, values)) > MAXIMUM_RESULT[channel]:
            raise Unfit(
                f"This can be longer than the {MAXIMUM_RESULT[channel]} characters that {channel.value} may have."
            )
        if not one_line(_rendered(_compiled(source), values)):
            raise Unfit("This says nothing.")


def _longest(variables: tuple[str, ...]) -> dict[str, str]:
    return {name: "W" * VARIABLES[name].longest for name in variables}


def _straight(body: list[nodes.Node]) -> Iterator[nodes.Node]:
    """The same without `if`: every branch behind the other."""
    for node in body:
        if isinstance(node, nodes.If):
            yield from _straight([*node.body, *node.elif_, *node.else_])
        elif isinstance(node, nodes.Output):
            yield nodes.Output([part for item in node.nodes for part in _parts(item)], lineno=node.lineno)
        else:
            yield node


def _parts(item: nodes.Node | None) -> Iterator[nodes.Expr]:
    """All that an expression may give, one behind the other."""
    match item:
        case nodes.CondExpr():
            yield from (*_parts(item.expr1), *_parts(item.expr2))
        case nodes.And() | nodes.Or():
            yield from (*_parts(item.left), *_parts(item.right))
        case nodes.Filter(name="default"):
            yield from (part for each in (item.node, *item.args) for part in _parts(each))
        case nodes.Filter():
            for part in _parts(item.node):
                yield nodes.Filter(part, item.name, item.args, [], None, None, lineno=item.lineno)
        case nodes.Expr():
            yield item


@lru_cache(maxsize=200)
def _compiled(source: str) -> Template:
    return _compiled_tree(_ENVIRONMENT.parse(source))


def _compiled_tree(tree: nodes.Template) -> Template:
    try:
        return _ENVIRONMENT.from_string(tree)
    except (TemplateError, SyntaxError, RecursionError, MemoryError, ValueError, TypeError) as error:
        raise Unfit("This cannot be made into a template.") from error


def _rendered(template: Template, values: Mapping[str, str]) -> str:
    try:
        return template.render(values)
    except Exception as error:
        raise Unfit("This does not render with the values that it is given.") from error
