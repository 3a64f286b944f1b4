"""The mutants of a module: each is its source with one small mistake.

Annotations, decorators, docstrings, asserts, and how a value looks in a traceback (`repr=`) are left as they are.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import CodeType

LONG, CONTEXT = 100, 24
"""Characters: of a longer text, only what differs is told, with so much around it."""
NOT_MUTATED = (ast.Assert, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)
NOT_MUTATED_FIELDS = frozenset({"annotation", "returns", "decorator_list", "format_spec", "bases", "ctx"})

OTHER_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OTHER_OPERATOR: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_PAIRS = ["any all", "min max", "startswith endswith", "lower upper", "lstrip rstrip", "removeprefix removesuffix"]
_PAIRS += ["find rfind", "partition rpartition", "split rsplit", "issubset issuperset", "union intersection"]
OTHER_NAME = {one: other for pair in _PAIRS for one, other in (pair.split(), reversed(pair.split()))}
OTHER_NAME["sorted"] = "list"


@dataclass(frozen=True)
class Mutant:
    """One mistake: the `before` in `function` ("" for a table or a class) is `after` instead.

    `code` compiles the whole module with it.
    """

    function: str
    line: int
    before: str
    after: str
    code: Callable[[], CodeType]


def mutants_of(source: str, filename: str) -> Sequence[Mutant]:
    """All mutants, in the order of the source."""
    tree = ast.parse(source, filename)
    return [
        Mutant(function, node.lineno, *_difference(_text(node), _text(other)), _compiler(tree, slot, other, filename))
        for function, slot, node, other in _edits(tree)
    ]


def with_hits(source: str, filename: str) -> CodeType:
    """The module, whose functions each call `_mutation_hit(name)` first: so that a test's functions are known."""
    tree = ast.parse(source, filename)
    for name, function in outermost_functions(tree):
        function.body.insert(0, ast.parse(f"_mutation_hit({name!r})").body[0])
    return compile(ast.fix_missing_locations(tree), filename, "exec", dont_inherit=True)


def outermost_functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions and methods, with their qualified names; none that stands within another."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
        else:
            yield from outermost_functions(node, f"{prefix}{node.name}." if isinstance(node, ast.ClassDef) else prefix)


@dataclass(frozen=True)
class _Slot:
    """Where a node hangs in the tree."""

    parent: ast.AST
    field: str
    at: int | None

    def put(self, node: ast.AST | None) -> None:
        if self.at is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.at] = node


def _compiler(tree: ast.Module, slot: _Slot, other: ast.AST, filename: str) -> Callable[[], CodeType]:
    def code() -> CodeType:
        values = getattr(slot.parent, slot.field)
        before = values if slot.at is None else values[slot.at]
        slot.put(ast.fix_missing_locations(ast.copy_location(other, before)))
        try:
            return compile(tree, filename, "exec", dont_inherit=True)
        finally:
            slot.put(before)

    return code


def _text(node: ast.AST) -> str:
    return "" if isinstance(node, ast.Pass) else ast.unparse(node).partition("\n")[0]


def _difference(before: str, after: str) -> tuple[str, str]:
    """Two texts, without most of what a long one has in common with the other."""
    if len(before) <= LONG:
        return before, after
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    start, end = max(0, start - CONTEXT), max(0, end - CONTEXT)
    return tuple(f"{'...' * (start > 0)}{each[start : len(each) - end]}{'...' * (end > 0)}" for each in (before, after))


def _alike(one: str, other: str) -> int:
    """How many characters the two begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def _edits(tree: ast.Module) -> Iterator[tuple[str, _Slot, ast.expr | ast.stmt, ast.AST]]:
    yield from _edits_below(tree, "", "")


def _edits_below(parent: ast.AST, prefix: str, function: str) -> Iterator[tuple[str, _Slot, ast.AST, ast.AST]]:
    for slot, node in _children(parent):
        for other in _others(node, parent, slot, in_function=bool(function)):
            yield function, slot, node, other
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not function:
            yield from _edits_below(node.args, prefix, "")  # defaults belong to the moment of the definition
            yield from _edits_in_body(node, prefix + node.name)
        else:
            inner = f"{prefix}{node.name}." if isinstance(node, ast.ClassDef) else prefix
            yield from _edits_below(node, inner, function)


def _edits_in_body(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str):
    for slot, each in _children(node):
        if slot.field == "body":
            for other in _others(each, node, slot, in_function=True):
                yield name, slot, each, other
            yield from _edits_below(each, "", name)


def _children(parent: ast.AST) -> Iterator[tuple[_Slot, ast.AST]]:
    for field, value in ast.iter_fields(parent):
        if field in NOT_MUTATED_FIELDS:
            continue
        for at, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(node, ast.AST) and not _is_left_alone(node, parent):
                yield _Slot(parent, field, at), node


def _is_left_alone(node: ast.AST, parent: ast.AST) -> bool:
    is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    is_text_of_fstring = isinstance(parent, ast.JoinedStr) and isinstance(node, ast.Constant)
    is_alias = isinstance(parent, ast.Module) and isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript)
    is_repr = isinstance(node, ast.keyword) and node.arg == "repr"
    return isinstance(node, NOT_MUTATED) or is_docstring or is_text_of_fstring or is_alias or is_repr


def _others(node: ast.AST, parent: ast.AST, slot: _Slot, *, in_function: bool) -> Iterator[ast.AST]:
    """Yield the mistakes for a node."""
    if isinstance(node, ast.expr):
        if slot.field == "test" or (slot.field in ("ifs", "guard")):
            yield from (ast.Constant(value=value) for value in (True, False) if not isinstance(node, ast.Constant))
        if isinstance(parent, ast.Slice) and not isinstance(node, ast.Constant):
            yield ast.Constant(value=None)
        if isinstance(parent, ast.For | ast.AsyncFor) and slot.field == "iter":
            yield ast.Tuple(elts=[], ctx=ast.Load())
        if isinstance(parent, ast.Return | ast.Lambda) and not isinstance(node, ast.Constant | ast.arguments):
            yield ast.Constant(value=None)
        if not in_function or isinstance(parent, ast.Compare):
            yield from _shorter(node)
    yield from _BY_TYPE.get(type(node), lambda _: ())(node)


def _shorter(node: ast.expr) -> Iterator[ast.expr]:
    """A table with an entry less."""
    if isinstance(node, ast.Set | ast.List | ast.Tuple) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        for at in range(len(node.elts)):
            left = node.elts[:at] + node.elts[at + 1 :]
            if left or not isinstance(node, ast.Set):
                yield _copy(node, elts=left)
    if isinstance(node, ast.Dict):
        for at in range(len(node.keys)):
            keys, values = ([*each[:at], *each[at + 1 :]] for each in (node.keys, node.values))
            yield ast.Dict(keys=keys, values=values)


def _copy(node: ast.AST, **changes: object) -> ast.AST:
    return type(node)(**{**dict(ast.iter_fields(node)), **changes})


def _of_constant(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(value=not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value=value + 1)
        yield ast.Constant(value=value - 1)
    elif isinstance(value, str):
        yield ast.Constant(value="" if value else "mutant")
    elif isinstance(value, bytes):
        yield ast.Constant(value=b"" if value else b"mutant")


def _of_text(_: ast.JoinedStr) -> Iterator[ast.AST]:
    yield ast.Constant(value="")


def _of_comparison(node: ast.Compare) -> Iterator[ast.AST]:
    for at, operator in enumerate(node.ops):
        for other in OTHER_COMPARISONS[type(operator)]:
            yield _copy(node, ops=[*node.ops[:at], other(), *node.ops[at + 1 :]])


def _of_condition(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield _copy(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for at in range(len(node.values)):
        left = node.values[:at] + node.values[at + 1 :]
        yield left[0] if len(left) == 1 else _copy(node, values=left)


def _of_sign(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


def _of_arithmetic(node: ast.BinOp | ast.AugAssign) -> Iterator[ast.AST]:
    if type(node.op) in OTHER_OPERATOR:
        yield _copy(node, op=OTHER_OPERATOR[type(node.op)]())
    if isinstance(node, ast.AugAssign):
        yield ast.Pass()


def _of_call(node: ast.Call) -> Iterator[ast.AST]:
    called = node.func
    if isinstance(called, ast.Name) and called.id in OTHER_NAME:
        other = OTHER_NAME[called.id]
        keywords = [] if other == "list" else node.keywords
        yield _copy(node, func=ast.Name(id=other, ctx=ast.Load()), keywords=keywords)
    has_limit = len(node.args) > 1  # without one, split and rsplit do the same
    if isinstance(called, ast.Attribute) and called.attr in OTHER_NAME and ("split" not in called.attr or has_limit):
        yield _copy(node, func=_copy(called, attr=OTHER_NAME[called.attr]))
    for at, keyword in enumerate(node.keywords):
        if keyword.arg not in (None, "repr"):
            yield _copy(node, keywords=node.keywords[:at] + node.keywords[at + 1 :])


def _of_assignment(node: ast.Assign) -> Iterator[ast.AST]:
    if isinstance(node.targets[0], ast.Attribute | ast.Subscript):
        yield ast.Pass()


def _of_statement(_: ast.stmt) -> Iterator[ast.AST]:
    yield ast.Pass()


def _of_jump(node: ast.Break | ast.Continue) -> Iterator[ast.AST]:
    yield ast.Continue() if isinstance(node, ast.Break) else ast.Break()
    yield ast.Pass()


_BY_TYPE = {
    ast.Constant: _of_constant,
    ast.JoinedStr: _of_text,
    ast.Compare: _of_comparison,
    ast.BoolOp: _of_condition,
    ast.UnaryOp: _of_sign,
    ast.BinOp: _of_arithmetic,
    ast.AugAssign: _of_arithmetic,
    ast.Call: _of_call,
    ast.Assign: _of_assignment,
    ast.Expr: _of_statement,
    ast.Raise: _of_statement,
    ast.Delete: _of_statement,
    ast.Break: _of_jump,
    ast.Continue: _of_jump,
}
