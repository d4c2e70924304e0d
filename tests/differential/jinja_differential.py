#!/usr/bin/env python3
# SPDX-FileCopyrightText: The MoE Workbench developers
# SPDX-License-Identifier: Apache-2.0
"""Random chat templates through the engine's interpreter and through jinja2, set up as transformers does it.

    jinja_differential.py RENDER_TEMPLATES [--count N] [--seed N]     (jinja2 3.1.6)

Both give the same text, or both fail. What the interpreter refuses by name (integers beyond 64 bits, what it does not
support) is counted, not compared. Prints every difference with its template; exit status 1 when there is one."""
import argparse
import json
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "fixtures"))
from make_template_fixtures import NOW, VALUES, render  # noqa: E402

CHAT = {"messages": [], "tools": None}
KINDS = ["text", "whole", "real", "truth", "list", "dict"]
TEXTS = ["", "a", "Ab c", " x ", "l", "Hello World", "naïve 你好", "ß", "1", "-7", "2.50", "a,b,,c", "\\n\\tq", "o\\'k", "%s", "{}", "ǆ Éa"]
UNCOMPARED = (" object at 0x", "<bound", "<built-in", "<function", "<generator", "<class", "<Macro", "<method", "<itertools", "Markup(")
# "cannot be sliced": what jinja2 folds as a constant becomes undefined there instead
REFUSED = ("not supported", "cannot be sliced", "too large", "64 bits", "is complex", "levels deep", "MiB", "steps")


class Writer:
    """Writes a random template. `names` are the variables in sight with what they are likely to hold."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = [("s", "text"), ("u", "text"), ("i", "whole"), ("n", "whole"), ("f", "real"), ("l", "list"), ("w", "list"),
                      ("d", "dict"), ("e", "list"), ("t", "truth"), ("users", "list")]
        self.loops = self.macros = self.sets = 0

    def pick(self, *choices):
        choice = self.random.choice(choices)
        return choice() if callable(choice) else choice

    def chance(self, share):
        return self.random.random() < share

    def value(self, depth, kind=None):
        kind = kind or self.random.choice(KINDS)
        if self.chance(0.03):
            kind = self.random.choice(KINDS)  # what does not fit, as a slip of the writer's
        if self.chance(0.02):
            return self.pick("missing", "z", "missing.x", "d.nope", "users[9]")
        if depth <= 0 or self.chance(0.15):
            known = [name for name, holds in self.names if holds == kind]
            if known and self.chance(0.6):
                return self.random.choice(known)
            return getattr(self, kind + "_literal")()
        if self.chance(0.06):
            return "(%s if %s%s)" % (self.value(depth - 1, kind), self.truth(depth - 1),
                                     " else " + self.value(depth - 1, kind) if self.chance(0.85) else "")
        made = getattr(self, kind)(depth - 1)
        return made if made.isidentifier() or self.chance(0.03) else "(%s)" % made

    def text_literal(self):
        return "'%s'" % self.random.choice(TEXTS)

    def whole_literal(self):
        return str(self.random.choice([0, 1, 2, 3, 5, 7, 10, 64, 1000, 1_000_003]))

    def real_literal(self):
        return self.random.choice(["0.0", "1.0", "2.5", "0.1", "3.14159", "1e3", "1e-7", "123456789.125", "2e16"])

    def truth_literal(self):
        return self.random.choice(["true", "false", "True", "t"])

    def list_literal(self):
        return "[%s]" % ", ".join(self.value(0) for _ in range(self.random.randrange(4)))

    def dict_literal(self):
        return "{%s}" % ", ".join("%s: %s" % (self.pick("'a'", "'b'", "1", "'k'"), self.value(0)) for _ in range(self.random.randrange(3)))

    def small(self):
        return str(self.random.randrange(-4, 7))

    def cut(self):
        part = lambda: self.small() if self.chance(0.6) else ""
        return "[%s:%s%s]" % (part(), part(), ":" + self.pick("1", "2", "-1", "-2", "") if self.chance(0.4) else "")

    def text(self, d):
        t, v = (lambda: self.value(d, "text")), (lambda: self.value(d))
        w = lambda: self.value(d, "whole")
        chars = lambda: self.text_literal()
        return self.pick(
            lambda: "%s ~ %s" % (v(), v()), lambda: "(%s + %s)" % (t(), t()), lambda: "(%s ~ %s)|%s" % (v(), t(), self.pick("upper", "lower", "title", "capitalize", "trim", "length")),
            lambda: "%s|%s" % (t(), self.pick("trim", "upper", "lower", "title", "capitalize", "string", "safe", "tojson", "first", "last")),
            lambda: "%s|trim(%s)" % (t(), chars()), lambda: "%s|replace(%s, %s%s)" % (t(), chars(), t(), ", " + self.small() if self.chance(0.3) else ""),
            lambda: "%s|indent(%s%s)" % (t(), self.pick("2", "0", "'> '", "width=3"), self.pick("", ", true", ", first=true", ", blank=true")),
            lambda: "%s|default(%s%s)" % (self.pick(v, "missing", "z", "''", "d.nope"), v(), self.pick("", ", true", ", boolean=true")),
            lambda: "%s|string" % v(), lambda: "%s|tojson%s" % (v(), self.pick("", "", "(indent=2)", "(sort_keys=true)", "(ensure_ascii=true)", "(separators=(',', ':'))")),
            lambda: "%s|join%s" % (self.value(d, "list"), self.pick("", "(%s)" % chars(), "(', ')", "('-', attribute='name')")),
            lambda: "%s.%s(%s)" % (t(), self.pick("strip", "lstrip", "rstrip"), self.pick("", chars)),
            lambda: "%s.%s()" % (t(), self.pick("upper", "lower", "title", "capitalize", "swapcase")),
            lambda: "%s.replace(%s, %s%s)" % (t(), chars(), t(), self.pick("", ", 1", ", -1")),
            lambda: "%s.%s(%s%s)" % (t(), self.pick("center", "ljust", "rjust"), self.pick("0", "9", w), self.pick("", ", '.'")),
            lambda: "%s.%s(%s)" % (t(), self.pick("removeprefix", "removesuffix"), chars()), lambda: "%s.zfill(%s)" % (t(), self.small()),
            lambda: "%s%s" % (self.pick("s", "u", t), self.cut()), lambda: "%s[%s]" % (self.pick("s", "u", t), self.small()),
            lambda: "%s * %s" % (t(), self.pick("0", "2", "3", "-1")),
            lambda: "'%s' %% (%s, %s)" % (self.pick("%s|%s", "%r %s", "%5s|%-6s|", "%s %d", "%.2s%s", "%d/%.1f", "%x %s", "%05d%s", "%+d %e"), v(), self.pick(v, w)),
            lambda: "'%s' %% %s" % (self.pick("<%s>", "%d", "%5.2f|", "%r", "%%%s", "%s%s", "%c", "%g"), v()),
            lambda: "'%s'.format(%s, %s)" % (self.pick("{}-{}", "{1}{0}", "{:>6}|{:<4}|", "{0!r} {1}", "{:05}{}", "{:.2f} {}", "{:,} {}", "{:^7}{}", "{}{}{}", "{:x}|{:+}"), self.pick(v, w), self.pick(v, w)),
            lambda: "users[%s].name" % self.small(), lambda: "%s.split(%s)[%s]" % (t(), self.pick("", chars), self.small()),
            lambda: "%s|format(%s)" % (self.pick("'%s'", "'%d'", "'<%r>'"), v()), lambda: "%s.partition(%s)[%s]" % (t(), chars(), self.pick("0", "1", "2", "-1")),
            lambda: "(%s).join(%s)" % (t(), self.pick("w", "s", "['p', 'q']", lambda: self.value(d, "list"))), lambda: "%s|first" % self.value(d, "list"))

    def whole(self, d):
        w, t, l = (lambda: self.value(d, "whole")), (lambda: self.value(d, "text")), (lambda: self.value(d, "list"))
        loop = ["loop.index", "loop.index0", "loop.revindex", "loop.length", "loop.depth"] if self.loops else []
        return self.pick(
            lambda: "(%s %s %s)" % (w(), self.pick("+", "-", "*", "//", "%"), w()), lambda: "-%s" % self.pick("i", "n", "3"), lambda: "%s ** %s" % (self.pick("2", "i", "n", "-2"), self.pick("0", "2", "3", "-1")),
            lambda: "%s|%s" % (self.pick(t, l, lambda: self.value(d, "dict")), self.pick("length", "count")), lambda: "%s|int%s" % (self.value(d), self.pick("", "(5)", "(default=-1)", "(0, 16)", "(base=8)")),
            lambda: "%s.%s(%s)" % (t(), self.pick("find", "rfind", "count", "index"), self.text_literal()), lambda: "%s|abs" % w(),
            lambda: "%s|sum%s" % (self.pick("l", "range(5)", l), self.pick("", "(start=3)")), lambda: "users|sum(attribute='age')",
            lambda: "%s|%s" % (self.pick("l", l), self.pick("min", "max", "first", "last")), lambda: "%s[%s]" % (self.pick("l", l), self.small()),
            lambda: "%s.count(%s)" % (l(), self.value(d)), lambda: "(%s)|round|int" % self.value(d, "real"), *loop)

    def real(self, d):
        r, w = (lambda: self.value(d, "real")), (lambda: self.value(d, "whole"))
        return self.pick(lambda: "(%s %s %s)" % (r(), self.pick("+", "-", "*", "/", "//", "%"), self.pick(r, w)), lambda: "%s / %s" % (w(), w()),
                         lambda: "%s|round%s" % (self.pick(r, w), self.pick("", "(1)", "(2)", "(0, 'floor')", "(1, 'ceil')", "(-1)", "(method='common')")),
                         lambda: "%s|float%s" % (self.value(d), self.pick("", "(1.5)", "(default=0)")), lambda: "%s ** %s" % (r(), self.pick("2", "0.5", "-1")), lambda: "%s|abs" % r())

    def truth(self, d):
        v, t = (lambda: self.value(d)), (lambda: self.value(d, "text"))
        kind = self.random.choice(KINDS)
        tests = ["defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "mapping", "iterable", "sequence", "true", "false", "callable",
                 "sameas none", "eq 1", "in [1, 's', none]", "ne 'a'", "in s", "in d"]
        loop = ["loop.first", "loop.last", "loop.changed(%s)" % self.value(0), "loop.previtem is defined"] if self.loops else []
        return self.pick(
            lambda: "(%s %s %s)" % (self.value(d, kind), self.pick("==", "!=", "<", "<=", ">", ">="), self.value(d, kind)), lambda: "%s %s %s" % (v(), self.pick("==", "!="), v()),
            lambda: "(%s < %s <= %s)" % tuple(self.value(d, "whole") for _ in range(3)),
            lambda: "%s %s %s" % (v(), self.pick("in", "not in"), self.value(d, self.pick("list", "dict"))), lambda: "%s %s %s" % (t(), self.pick("in", "not in"), t()),
            lambda: "%s is %s%s" % (v(), self.pick("", "not "), self.pick(*tests)), lambda: "%s is %s" % (self.value(d, "whole"), self.pick("odd", "even", "divisibleby 3", "gt 2", "lt(5)", "divisibleby(2)")),
            lambda: "%s is %s" % (t(), self.pick("upper", "lower", "string", "filter", "test")),
            lambda: "not %s" % v(), lambda: "(%s %s %s)" % (v(), self.pick("and", "or"), v()),
            lambda: "%s.%s(%s)" % (t(), self.pick("startswith", "endswith"), self.pick(self.text_literal, "('H', 'x')")),
            lambda: "%s.%s()" % (t(), self.pick("isdigit", "isalpha", "islower", "isupper", "isspace", "isalnum", "isnumeric", "isdecimal", "istitle")), *loop)

    def list(self, d):
        l, t = (lambda: self.value(d, "list")), (lambda: self.value(d, "text"))
        return self.pick(
            lambda: "[%s]" % ", ".join(self.value(d) for _ in range(self.random.randrange(1, 4))), lambda: "(%s + %s)" % (l(), l()), lambda: "%s%s" % (l(), self.cut()), lambda: "%s|list" % self.pick(t, l),
            lambda: "range(%s)|list" % ", ".join(self.small() for _ in range(self.random.randrange(1, 4))), lambda: "%s.split(%s)" % (t(), self.pick("", self.text_literal, "' ', 1", "none, 1", "maxsplit=1")),
            lambda: "%s|sort%s" % (self.pick("l", "w", l), self.pick("", "(reverse=true)", "(case_sensitive=true)", "(true)")), lambda: "users|sort(attribute='%s')" % self.pick("name", "age", "age,name", "nope"),
            lambda: "%s|%s|list" % (self.pick("w", "l", l), self.pick("unique", "reverse", "unique(case_sensitive=true)")), lambda: "%s|batch(%s)|list" % (l(), self.pick("2", "3, 'f'", "1")), lambda: "%s|slice(2)|list" % l(),
            lambda: "%s|map(%s)|list" % (l(), self.pick("'string'", "'upper'", "'int'", "'length'", "'default', 3", "'tojson'", "'trim'", "'replace', 'a', 'b'")), lambda: "users|map(attribute='%s'%s)|list" % (self.pick("name", "ok", "age"), self.pick("", ", default='D'")),
            lambda: "%s|%s|list" % (l(), self.pick("select", "reject", "select('string')", "reject('number')", "select('odd')", "select('gt', 1)", "select('in', [1, 'A'])", "reject('none')", "select('mapping')")),
            lambda: "users|%s(%s)|map(attribute='name')|list" % (self.pick("selectattr", "rejectattr"), self.pick("'ok'", "'age', 'gt', 5", "'ok', 'defined'", "'name', 'equalto', 'Bo'", "'age', 'odd'", "'name', 'in', ['al', 'Cy']")),
            lambda: "%s.%s()|list" % (self.value(d, "dict"), self.pick("keys", "values", "items")), lambda: "%s|%s" % (self.value(d, "dict"), self.pick("dictsort", "list", "items|list", "dictsort(by='value')", "dictsort(reverse=true)")),
            lambda: "%s * 2" % self.pick("l", "e", "[0]"), lambda: "%s.%s(%s)" % (t(), self.pick("rsplit", "splitlines", "partition", "rpartition"), self.pick("", "' '", "true")), lambda: "(%s, %s)" % (self.value(d), self.value(d)))

    def dict(self, d):
        return self.pick(lambda: "{%s}" % ", ".join("%s: %s" % (self.pick("'a'", "'z'", "i", "'%d'" % self.random.randrange(3), "none"), self.value(d)) for _ in range(self.random.randrange(1, 4))),
                         lambda: "dict(%s)" % ", ".join("%s=%s" % (n, self.value(d)) for n in self.random.sample(["a", "b", "x"], 2)), lambda: "dict(%s, q=%s)" % (self.value(d, "dict"), self.value(d)),
                         lambda: "users[%s]" % self.small(), lambda: "%s.get(%s%s)" % (self.value(d, "dict"), self.pick("'a'", "'b'", "1"), self.pick("", ", 0")), "d['b'][1]", "users|first")

    # statements ------------------------------------------------------------------------------------------------

    def tag(self, inside):
        return "{%%%s %s %s%%}" % (self.pick("", "", "-", "+"), inside, self.pick("", "", "-", "+"))

    def raw_text(self):
        pieces = ["a", "b ", "\n", "\n", "  ", "\t", "<|x|>", "é", "你\n", "\n\n  "] + ["{", "}", "#", "%", "{ %"] * self.chance(0.05)
        return "".join(self.random.choice(pieces) for _ in range(self.random.randrange(5)))

    def output(self, depth):
        return "{{%s %s %s}}" % (self.pick("", "", "-", "+"), self.value(depth), self.pick("", "", "-"))

    def body(self, depth, count=3):
        return "".join(self.statement(depth) + self.raw_text() for _ in range(self.random.randrange(1, count + 1)))

    def inside(self, depth, added=(), loops=0):
        before = list(self.names)
        self.names += added
        self.loops += loops
        text = self.body(depth, 2)
        self.loops -= loops
        if self.chance(0.5):  # else later statements may ask for what the scope has taken along
            self.names = before
        return text

    def statement(self, depth):
        if depth <= 0 or self.chance(0.3):
            return self.output(2)
        return self.random.choice([self.conditional, self.loop, self.loop, self.assignment, self.assignment, self.block, self.macro, self.scope,
                                   self.namespace, self.rest])(depth - 1)

    def conditional(self, d):
        text = self.tag("if " + self.value(2, "truth")) + self.inside(d)
        for _ in range(self.random.randrange(2)):
            text += self.tag("elif " + self.value(2)) + self.inside(d)
        if self.chance(0.5):
            text += self.tag("else") + self.inside(d)
        return text + self.tag("endif")

    def loop(self, d):
        head, added = self.pick(("x in %s" % self.value(2, "list"), [("x", self.random.choice(KINDS))]), ("x in users", [("x", "dict")]), ("x in %s" % self.value(1, "text"), [("x", "text")]),
                                ("a, b in %s" % self.pick("d.items()", "d|dictsort", "d|items", "[(1, 2), ('p', 'q')]", "users|groupby('age')"), [("a", "text"), ("b", "list")]), ("x in range(%s)" % self.small(), [("x", "whole")]),
                                ("x in %s" % self.value(1, "dict"), [("x", "text")]))
        if self.chance(0.25):
            head += " if " + self.pick("x is defined", "x", lambda: self.value(1, "truth"))
        text = self.tag("for " + head) + self.inside(d, added, 1)
        if self.chance(0.25):
            text += self.tag("if " + self.pick("loop.index > 2", lambda: self.value(1, "truth"))) + self.tag(self.pick("break", "continue")) + self.tag("endif") + self.raw_text()
        if self.chance(0.2):
            text += self.tag("else") + self.inside(d)
        return text + self.tag("endfor")

    def assignment(self, d):
        # Of a new name: where a scope sets one later, jinja2 hides the value from outside in the scopes within it before, too.
        self.sets += 1
        kind, name = self.random.choice(KINDS), "v%d" % self.sets
        if self.chance(0.2):
            text = self.tag("set %s%s" % (name, self.pick("", "", "|upper", "|trim"))) + self.inside(d) + self.tag("endset")
            kind = "text"
        elif self.chance(0.1):
            text = self.tag("set %s, %s_ = %s, %s" % (name, name, self.value(2, kind), self.value(1)))
        elif self.chance(0.15):  # set again, and in a loop, which forgets it
            text = self.tag("set %s = %s" % (name, self.value(1))) + self.tag("set %s = %s ~ %s" % (name, name, self.value(1)))
            text += "{%% for x in %s %%}{%% set %s = %s ~ x %%}{{ %s }}{%% endfor %%}{{ %s }}" % (self.value(1, "list"), name, name, name, name)
            kind = "text"
        else:
            text = self.tag("set %s = %s" % (name, self.value(2, kind)))
        self.names.append((name, kind))
        return text + self.output(1) if self.chance(0.5) else text

    def block(self, d):
        return self.tag("filter " + self.pick("upper", "trim", "indent(2)", "replace('a', 'A')", "title|trim", "tojson")) + self.inside(d) + self.tag("endfilter")

    def macro(self, d):
        self.macros += 1
        name, loops, self.loops = "m%d" % self.macros, self.loops, 0
        parameters = self.pick("", "p", "p, q=1", "p='D', q=p", "p, q=none")
        inner = self.inside(d, [("p", "text"), ("q", "whole")])
        if self.chance(0.4):
            inner += self.pick("{{ varargs }}", "{{ kwargs }}", "{{ caller() }}", "{{ caller('c') if caller }}", "{{ %s.name }}" % name, "{{ %s.arguments }}" % name)
        text = self.tag("macro %s(%s)" % (name, parameters)) + inner + self.tag("endmacro")
        self.loops = loops
        arguments = self.pick("", lambda: self.value(1), lambda: "%s, %s" % (self.value(1), self.value(1)), lambda: "q=%s" % self.value(1), lambda: "%s, q=%s, r=2" % (self.value(0), self.value(0)), "*[1, 2]", "**{'p': 3}")
        if self.chance(0.3):
            return text + self.tag("call%s %s(%s)" % (self.pick("", "(c)", "(c=5)"), name, arguments)) + self.inside(d, [("c", "text")]) + self.tag("endcall")
        return text + "{{ %s(%s)%s }}" % (name, arguments, self.pick("", "|trim", " ~ '!'", "|length"))

    def scope(self, d):
        return self.tag("with" + self.pick("", " y = %s" % self.value(2), " y = 1, y2 = %s" % self.value(1))) + self.inside(d, [("y", "whole")]) + self.tag("endwith")

    def namespace(self, d):
        text = self.tag("set ns = namespace(c=%s%s)" % (self.value(1, "whole"), self.pick("", ", k=''"))) + self.tag("for x in %s" % self.value(1, "list"))
        text += self.pick(self.tag("set ns.c = ns.c + 1"), self.tag("set ns.k = ns.k ~ x"), self.tag("set ns.new = x")) + self.inside(d, [("x", "text")], 1) + self.tag("endfor")
        return text + self.pick("{{ ns.c }}", "{{ ns.k }}{{ ns.c }}", "{{ ns.new is defined }}{{ ns.new }}", "{{ ns['c'] }}")

    def rest(self, d):
        return self.pick("{# c %s #}" % self.raw_text().replace("#", ""), "{%- raw %} {{ x }} {% if %} {%- endraw %}", "{#- c -#}",
                         self.tag("generation") + self.inside(d) + self.tag("endgeneration"), "{%% set c = cycler(%s, 'z') %%}{{ c.next() }}{{ c.next() }}{{ c.current }}" % self.value(0),
                         "{% set j = joiner(', ') %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}", "{{ strftime_now('%d %b %Y, %H:%M') }}", "{%% if %s %%}{{ raise_exception('no') }}{%% endif %%}" % self.value(1, "truth"))

    def template(self):
        return self.output(4) if self.chance(0.5) else self.raw_text() + self.body(3)


def differs(expected, got):
    """None, "refused" or what is wrong."""
    if isinstance(expected, str) and any(word.lower() in expected.lower() for word in UNCOMPARED):
        return "refused"
    if "error" in got and any(word in got["error"] for word in REFUSED):
        return "refused"
    if isinstance(expected, dict):
        return None if "error" in got else "it fails in jinja2"
    if "error" in got:
        return "it fails here alone"
    return None if got["text"] == expected else "the texts differ"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("renderer")
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    print("seed", options.seed)
    templates = [Writer(options.seed + i).template() for i in range(options.count)]
    asked = json.dumps({"values": VALUES, "now": int(NOW.timestamp()), "templates": templates})
    answer = subprocess.run([options.renderer], input=asked, stdout=subprocess.PIPE, text=True, check=True).stdout
    counts = {"equal": 0, "failing in both": 0, "not compared": 0, "different": 0}
    for template, got in zip(templates, json.loads(answer), strict=True):
        expected = render(template, CHAT, VALUES)
        wrong = differs(expected, got)
        if wrong in (None, "refused"):
            counts["not compared" if wrong else "failing in both" if "error" in got else "equal"] += 1
            continue
        counts["different"] += 1
        print("%s: %r\n  jinja2 %r\n  here   %r" % (wrong, template, expected, got))
    print(", ".join("%d %s" % (count, name) for name, count in counts.items()))
    enough = counts["equal"] * 3 >= options.count  # a generator of nothing but failures would prove nothing
    return 0 if counts["different"] == 0 and enough else 1


if __name__ == "__main__":
    sys.exit(main())
