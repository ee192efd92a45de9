"""Every page of the panel, as an owner who is signed in meets it: lists with each filter, deep
pages, searches.  The addresses are read off the table of routes and off the pages' own links
and filters, so a new page is measured without a word here."""

import http.client
import re
import sys
import time
from html import unescape
from pathlib import Path
from urllib.parse import quote, urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

from panel import Browser  # noqa: E402

CHOICES = 10  # of one filter
VARIANTS = 40  # of one page
NEXT = 3  # pages that are turned over
PAST = "2026-01-15"


class Shop:
    """What a Browser needs of a shop."""

    def __init__(self, rig):
        self.rig, self.shop_url = rig, f"http://127.0.0.1:{rig.port}"

    def kartka(self, *argv, stdin=""):
        return self.rig.kartka(*argv, stdin=stdin)

    def sql(self, text):
        return self.rig.sql(text)


def routes(rig):
    rows = (line.split() for line in rig.program(rig.bin / "admin", "--routes").splitlines())
    return [path for method, path, need, *flags in rows
            if method == "GET" and need not in ("nobody", "password") and not flags
            and not path.endswith(".csv")]


def links(text):
    return [unescape(link) for link in re.findall(r'(?:href|action)="(/admin/[^"]*)"', text)]


def places(rig, person):
    """An address for each row: of rows with {} the first three that any page links to."""
    found, seen = {}, []
    for path in sorted(routes(rig), key=lambda p: p.count("{}")):
        pattern = re.compile(re.escape(path).replace(r"\{\}", r"[^/?]+") + "$")
        ways = [path] if "{}" not in path else \
            list(dict.fromkeys(link.split("?")[0] for link in seen
                               if pattern.match(link.split("?")[0])))[:3]
        for way in ways:
            answer = person.get(way, follow=False)
            if answer.status == 200:
                found.setdefault(path, []).append(way)
                seen += links(answer.text)
    return found


def filters(text):
    """The page's filters: name → what may be chosen, or None where one types."""
    form = re.search(r'<form class="filters".*?</form>', text, re.S)
    found = {}
    if form:
        for name, inside in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form[0], re.S):
            found[name] = [unescape(v) for v in re.findall(r'<option value="([^"]+)"', inside)]
        for attributes in re.findall(r"<input([^>]*)>", form[0]):
            name = re.search(r'name="([^"]+)"', attributes)
            if name:
                found[name[1]] = "date" if 'type="date"' in attributes else None
    return found


def choices_linked(way, text):
    """The page itself with what its own links choose, as a range of days."""
    return [link for link in links(text) if "?" in link and link.split("?")[0] == way]


def samples(kind, rig):
    """What people type into a field of words."""
    if kind == "date":
        return [PAST]
    last = rig.sql("SELECT user_id, number FROM orders WHERE number LIKE 'K%' "
                   "ORDER BY id DESC LIMIT 1 OFFSET 777")[0]
    return [last[0], last[1], "olena", "staff person7", "order 777", "buyer4321", "700000001",
            "nothing of that kind"]


def variants(rig, way, text):
    """The page with each filter, with pairs of them, and deep inside."""
    found = filters(text)
    choices = {name: kind[:CHOICES // 2] + kind[-(CHOICES // 2):] if isinstance(kind, list)
               else samples(kind, rig) for name, kind in found.items()}
    queries = [{name: value} for name, values in choices.items() for value in dict.fromkeys(values)]
    names = list(choices)
    for i, one in enumerate(names):
        for other in names[i + 1:]:
            for a in choices[one][-2:]:
                queries += [{one: a, other: b} for b in choices[other][-2:]]
    return [f"{way}?{urlencode(query, quote_via=quote)}"
            for query in queries[:VARIANTS * 2:2] + queries[1:VARIANTS * 2:2]][:VARIANTS]


def deeper(person, way):
    """The next pages, and those near the end."""
    found = []
    for _ in range(NEXT):
        following = re.search(r'href="([^"]+)" rel="next"', person.page or "")
        if not following:
            break
        way = unescape(following[1])
        found.append(way)
        key = re.search(r"([?&]before=)(\d+)", way)
        if key and len(found) == 1:
            found += [way.replace(key[0], key[1] + str(int(key[2]) * part // 100 + 1))
                      for part in (50, 2)]
        person.get(way, follow=False)
    return found


def addresses(rig, person):
    """Row of the table → addresses."""
    found = {}
    for path, ways in places(rig, person).items():
        for way in ways:
            text = person.get(way, follow=False).text
            list_ = found.setdefault(path, [])
            list_ += [way, *choices_linked(way, text), *deeper(person, way)]
            for variant in variants(rig, way, text):
                list_.append(variant)
                if person.get(variant, follow=False).status == 200:
                    list_ += deeper(person, variant)[:2]
    return {path: list(dict.fromkeys(list_)) for path, list_ in found.items()}


def measure(rig, turns):
    """Row → [(milliseconds, address)], by turns over all of them, on one kept connection."""
    person = Browser(Shop(rig), "bench-owner").sign_in()
    all_ways = addresses(rig, person)
    cookie = "; ".join(f"{k}={v}" for k, v in person.cookies.items())
    connection = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=30)
    times = {path: [] for path in all_ways}
    for turn in range(turns + 1):
        for path, ways in all_ways.items():
            for way in ways:
                began = time.perf_counter()
                connection.request("GET", way, headers={"Cookie": cookie})
                answer = connection.getresponse()
                answer.read()
                took = (time.perf_counter() - began) * 1000
                assert answer.status in (200, 303), (way, answer.status)
                if turn:  # the first one meets what nobody has looked at for long
                    times[path].append((took, way))
    return times


def slowest(times, count=12):
    """The addresses whose median is highest."""
    by_way = {}
    for list_ in times.values():
        for took, way in list_:
            by_way.setdefault(way, []).append(took)
    medians = sorted(((sorted(v)[len(v) // 2], max(v), way) for way, v in by_way.items()), reverse=True)
    return medians[:count]
