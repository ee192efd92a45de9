/* happens.js: each request and answer between Telegram, the shop, Portmone and the buyer as a line. */
import { follow, get } from "./api.js";
import { buyerName, buyersAll, buyerTouched } from "./buyers.js";
import { byId, clock, copy, el, icon } from "./dom.js";
import { toast } from "./toast.js";
import { lang, t } from "./words.js";

const KEPT = 1000; /* lines; older ones go */
const CHUNK = 300; /* events asked for at once; the first time the last ones */
const NEAR_END_PX = 24;
const BRIEF_CHARS = 80;
const QUEUE_MS = 3000;

const PARTIES = { telegram: "plane", shop: "shop", portmone: "card", buyer: "person" };

const scroll = byId("events-scroll");
const list = byId("events");
const state = {
	rows: [],
	party: "all",
	whose: 0,
	newer: 0,
	violations: 0,
	stick: true,
	cleared: 0,
	touched: false,
	orders: new Map() /* order number → the buyer's id */,
};

/* ---- a line ---- */

/* The order a request or an answer of Portmone's speaks of. */
const ORDER = [
	(b) => b.order?.shopOrderNumber,
	(b) => b.params?.data?.shopOrderNumber,
	(b) => b.shopOrderNumber,
	(b) => b.shop_order_number,
	(b) => b.SHOPORDERNUMBER,
	(b) => b.order,
];
const ORDER_FORM = /\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/g;

/* The one thing in a request or an answer that tells most about it. */
const BRIEF = [
	(b) => b.message?.text,
	(b) => b.callback_query?.data,
	(b) => b.my_chat_member?.new_chat_member?.status,
	(b) => b.text,
	(b) => b.caption,
	(b) => b.data,
	...ORDER,
	(b) => b.params?.data?.shopbillId,
	(b) => b.url,
];

/* The first of LOOKS that finds a text or a number in BODY, or "". */
function found(body, looks) {
	if (!body || typeof body !== "object") return "";
	for (const look of looks) {
		const value = look(body);
		if (value && ["string", "number"].includes(typeof value)) return String(value);
	}
	return "";
}

function parsed(body) {
	if (typeof body !== "string" || !/^\s*[[{]/.test(body)) return body;
	try {
		return JSON.parse(body);
	} catch {
		return body;
	}
}

function brief(event) {
	for (const body of [parsed(event.request), parsed(event.response)]) {
		let text = found(body, BRIEF);
		if (body?.parse_mode === "HTML") text = text.replace(/<[^>]*>/g, "");
		const line = text.replace(/\s+/g, " ").trim();
		if (line)
			return line.length > BRIEF_CHARS
				? `${line.slice(0, BRIEF_CHARS)}…`
				: line;
	}
	return "";
}

const partyNode = (name) =>
	el(
		"span",
		{ class: "party", title: t(name) },
		icon(PARTIES[name] ?? "warn"),
		el("span", {}, t(name)),
	);

function statusNode(event) {
	if (event.status === null || event.status === undefined || event.status === 0)
		return el("span", { class: "status none" }, t("no_answer"));
	const bad = typeof event.status === "number" && event.status >= 400;
	return el("span", { class: `status${bad ? " bad" : ""}` }, String(event.status));
}

/* Two figures that mean something, no more. */
const took = (ms) =>
	!ms
		? "" /* done in the answer to something else */
		: `${ms.toLocaleString(lang, { maximumFractionDigits: ms < 1 ? 2 : ms < 10 ? 1 : 0 })} ${t("ms")}`;

function rowNode(event) {
	const body = el("div", { class: "event-body" });
	const node = el(
		"details",
		{
			class: `event${event.violation ? " violation" : ""}`,
			"data-testid": "event",
			"data-seq": event.seq,
			"data-from": event.from,
			"data-to": event.to,
			"data-what": event.what,
			ontoggle: () => {
				if (!node.open) return;
				if (!body.childElementCount) body.append(...bodyNodes(event));
				node.scrollIntoView({ block: "nearest" });
			},
		},
		el(
			"summary",
			{},
			el(
				"time",
				{ title: event.user_id ? buyerName(event.user_id) : null },
				clock(event.at, {
					hour: "2-digit",
					minute: "2-digit",
					second: "2-digit",
					fractionalSecondDigits: 3,
				}),
			),
			el(
				"span",
				{ class: "way" },
				partyNode(event.from),
				el("span", { class: "arrow" }, "→"),
				partyNode(event.to),
			),
			el(
				"span",
				{ class: "what" },
				el("b", {}, event.what),
				" ",
				el("span", { class: "brief", dir: "auto" }, brief(event)),
			),
			statusNode(event),
			el("span", { class: "took" }, took(event.took_ms)),
			event.violation &&
				el("span", { class: "why" }, icon("warn"), event.violation),
		),
		body,
	);
	return node;
}

/* ---- unfolded ---- */

/* JSON as coloured text; long texts keep their line ends. */
function jsonNodes(value, indent = "") {
	if (value === null || typeof value !== "object")
		return [
			el(
				"span",
				{ class: typeof value === "string" ? "j-text" : "j-value" },
				JSON.stringify(value),
			),
		];
	const array = Array.isArray(value);
	const entries = Object.entries(value);
	if (!entries.length) return [array ? "[]" : "{}"];
	const inner = `${indent}  `;
	return [
		array ? "[\n" : "{\n",
		...entries
			.flatMap(([key, item], at) => [
				inner,
				array
					? null
					: el("span", { class: "j-key" }, JSON.stringify(key)),
				array ? null : ": ",
				...jsonNodes(item, inner),
				at < entries.length - 1 ? ",\n" : "\n",
			])
			.filter((node) => node !== null),
		`${indent}${array ? "]" : "}"}`,
	];
}

function partNode(title, raw) {
	const body = parsed(raw);
	const empty = body === null || body === undefined || body === "";
	const text = typeof body === "string" ? body : JSON.stringify(body, null, 2);
	return el(
		"div",
		{ class: "part" },
		el(
			"div",
			{ class: "part-head" },
			el("h3", {}, t(title)),
			!empty &&
				el(
					"button",
					{
						type: "button",
						class: "icon-button",
						title: t("copy"),
						"aria-label": t("copy"),
						onclick: async () =>
							(await copy(text)) &&
							toast(t("copied")),
					},
					icon("copy"),
				),
		),
		empty
			? el("p", { class: "quiet" }, t("nothing"))
			: el(
					"pre",
					{ tabindex: "0" },
					typeof body === "string" ? body : jsonNodes(body),
				),
	);
}

const bodyNodes = (event) => [
	partNode("request", event.request),
	partNode("answer", event.response),
];

/* ---- the list ---- */

/*
 * Whose an event is.  What Portmone is asked names no buyer, only an order; whose order it is,
 * is known from the messages that name it.
 */
const userOf = ({ event, order }) => event.user_id ?? state.orders.get(order);

function ordersLearn(event) {
	if (!event.user_id) return false;
	const before = state.orders.size;
	for (const [order] of JSON.stringify(event.request ?? "").matchAll(ORDER_FORM))
		state.orders.set(order, event.user_id);
	return state.orders.size > before;
}

function matches(row) {
	const { event } = row;
	if (state.whose && userOf(row) !== state.whose) return false;
	if (state.party === "all") return true;
	return state.party === "violations"
		? Boolean(event.violation)
		: event.from === state.party || event.to === state.party;
}

function emptyShow() {
	const shown = state.rows.some((row) => !row.node.hidden);
	const none = state.rows.length === 0;
	byId("events-empty").hidden = shown;
	byId("events-empty").firstElementChild.textContent = t(
		none ? "empty_events" : "empty_filter",
	);
	byId("events-empty").lastElementChild.textContent = none ? t("empty_events_hint") : "";
}

function countsShow() {
	const count = state.violations;
	const badge = byId("violations-badge");
	badge.hidden = count === 0;
	badge.textContent = String(count);
	const chip = byId("parties").querySelector('[value="violations"]');
	chip.lastElementChild.textContent = String(count);
	chip.lastElementChild.hidden = count === 0;
	const newer = byId("newer");
	newer.hidden = state.newer === 0;
	newer.lastElementChild.textContent = t("newer", state.newer);
}

function toEnd() {
	state.stick = true;
	state.newer = 0;
	scroll.scrollTop = scroll.scrollHeight;
	countsShow();
}

function filterSet() {
	for (const row of state.rows) row.node.hidden = !matches(row);
	for (const chip of byId("parties").children)
		chip.setAttribute("aria-pressed", String(chip.value === state.party));
	emptyShow();
	toEnd();
}

/* ANSWER's events onto the list; a FRESH one replaces it: the sandbox may count anew. */
function take(answer, fresh) {
	const events = Array.isArray(answer) ? answer : (answer.events ?? []);
	if (fresh) {
		state.rows = [];
		state.violations = 0;
		list.replaceChildren();
		if (events.length && events.at(-1).seq < state.cleared) state.cleared = 0;
	}
	let last = fresh ? 0 : state.last;
	const nodes = [];
	for (const event of events) {
		last = Math.max(last, event.seq);
		if (event.seq <= state.cleared) continue;
		if (event.violation) state.violations++;
		if (event.user_id && state.touched) buyerTouched(event.user_id);
		if (ordersLearn(event) && state.whose)
			for (const row of state.rows) row.node.hidden = !matches(row);
		const order = found(parsed(event.request), ORDER);
		const row = { event, order, node: rowNode(event) };
		row.node.hidden = !matches(row);
		if (!row.node.hidden && !state.stick) state.newer++;
		state.rows.push(row);
		nodes.push(row.node);
	}
	state.last = last;
	state.touched = true;
	list.append(...nodes);
	for (const row of state.rows.splice(0, Math.max(0, state.rows.length - KEPT)))
		row.node.remove();
	emptyShow();
	if (state.stick) toEnd();
	else countsShow();
	return last;
}

async function queueShow() {
	if (!document.hidden) {
		const queue = await get("/api/queue").catch(() => null);
		const waiting = (queue?.pending ?? 0) + (queue?.in_flight ?? 0);
		const badge = byId("queue");
		badge.hidden = waiting === 0;
		badge.textContent = t("queue", waiting);
		badge.title = [t("queue_hint"), queue?.last_error_message]
			.filter(Boolean)
			.join("\n");
	}
	setTimeout(queueShow, QUEUE_MS);
}

/* The list of buyers for the filter. */
export function happensBuyers() {
	const select = byId("whose");
	select.replaceChildren(
		el("option", { value: "0" }, t("everybody")),
		...buyersAll().map((user) =>
			el(
				"option",
				{ value: user.id, selected: user.id === state.whose },
				user.first_name,
			),
		),
	);
}

export function happensStart() {
	const chips = ["all", ...Object.keys(PARTIES), "violations"];
	byId("parties").append(
		...chips.map((party) =>
			el(
				"button",
				{
					type: "button",
					class: `chip${party === "violations" ? " red" : ""}`,
					value: party,
					"data-testid": `filter-${party}`,
					onclick: () => ((state.party = party), filterSet()),
				},
				PARTIES[party] && icon(PARTIES[party]),
				t(party),
				party === "violations" && el("b", { hidden: true }),
			),
		),
	);
	byId("whose").addEventListener("change", (event) => {
		state.whose = Number(event.currentTarget.value);
		filterSet();
	});
	byId("events-clear").addEventListener("click", () => {
		state.cleared = state.last ?? 0;
		state.rows = [];
		state.violations = 0;
		list.replaceChildren();
		emptyShow();
		toEnd();
	});
	byId("newer").addEventListener("click", toEnd);
	/* Shown at last on a phone, or made smaller: the last line stays in sight. */
	let height = 0;
	new ResizeObserver(() => {
		height = scroll.clientHeight;
		if (state.stick) toEnd();
	}).observe(scroll);
	scroll.addEventListener("scroll", () => {
		if (scroll.clientHeight !== height) return; /* not by the reader */
		state.stick =
			scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight <
			NEAR_END_PX;
		if (state.stick && state.newer) toEnd();
	});
	filterSet();
	queueShow();
	follow({
		signal: new AbortController().signal,
		start: -1,
		path: (after, wait) => `/api/events?after=${after}&wait=${wait}&limit=${CHUNK}`,
		take,
	});
}
