/*
 * rich.js: a message's text as elements.  Either text with Telegram's entities (offsets count
 * UTF-16 units, as JavaScript's strings do) or Telegram's HTML, read by a strict parser that knows
 * Telegram's tags and nothing else.
 */
import { copy, el } from "./dom.js";
import { t } from "./words.js";
import { toast } from "./toast.js";

const PLAIN = { bold: "b", italic: "i", underline: "u", strikethrough: "s", blockquote: "blockquote", expandable_blockquote: "blockquote" };

const activate = (act) => ({
	role: "button",
	tabindex: "0",
	onclick: act,
	onkeydown: (event) => {
		if (event.key !== "Enter" && event.key !== " ") return;
		event.preventDefault();
		act(event);
	},
});

async function copyShown(event) {
	const node = event.currentTarget;
	if (await copy(node.textContent)) toast(t("copied"));
}

/* ONCOMMAND(text) sends text as the buyer; also a t.me link with ?start= is one. */
function link(url, children, onCommand) {
	let target = null;
	try {
		target = new URL(/^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `https://${url}`);
	} catch {
		/* not an address: only its text */
	}
	if (!target || !["http:", "https:", "mailto:", "tel:"].includes(target.protocol)) return el("span", {}, children);
	const start = target.hostname === "t.me" ? target.searchParams.get("start") : null;
	return el(
		"a",
		{
			href: target.href,
			target: "_blank",
			rel: "noopener noreferrer",
			onclick: start !== null && ((event) => (event.preventDefault(), onCommand(`/start ${start}`))),
		},
		children,
	);
}

function wrap(entity, children, text, onCommand) {
	const { type } = entity;
	if (PLAIN[type]) return el(PLAIN[type], {}, children);
	switch (type) {
	case "code":
		return el("code", { ...activate(copyShown), title: t("copy") }, children);
	case "pre":
		return el("pre", { ...activate(copyShown), title: t("copy") }, children);
	case "spoiler":
		return el(
			"span",
			{
				class: "spoiler",
				title: t("spoiler"),
				...activate((event) => event.currentTarget.classList.add("shown")),
			},
			children,
		);
	case "url":
		return link(text, children, onCommand);
	case "email":
		return link(`mailto:${text}`, children, onCommand);
	case "phone_number":
		return link(`tel:${text}`, children, onCommand);
	case "text_link":
		return link(entity.url ?? "", children, onCommand);
	case "bot_command":
		return el("button", { type: "button", class: "command", onclick: () => onCommand(text) }, children);
	default:
		return el("span", {}, children);
	}
}

/* ---- text and entities ---- */

export function fromEntities(text, entities, onCommand) {
	const order = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
	let next = 0;
	const build = (from, to) => {
		const nodes = [];
		let at = from;
		while (next < order.length && order[next].offset < to) {
			const entity = order[next++];
			const start = Math.max(entity.offset, at);
			const end = Math.min(entity.offset + entity.length, to);
			if (end <= start) continue;
			if (start > at) nodes.push(text.slice(at, start));
			nodes.push(wrap(entity, build(start, end), text.slice(start, end), onCommand));
			at = end;
		}
		if (at < to) nodes.push(text.slice(at, to));
		return nodes;
	};
	return build(0, text.length);
}

/* ---- Telegram's HTML ---- */

const TAGS = {
	b: "bold", strong: "bold", i: "italic", em: "italic", u: "underline", ins: "underline",
	s: "strikethrough", strike: "strikethrough", del: "strikethrough", code: "code", pre: "pre",
	blockquote: "blockquote", a: "text_link", "tg-spoiler": "spoiler", "tg-emoji": "custom_emoji",
	"tg-time": "date_time", span: "spoiler",
};
const NAMED = { lt: "<", gt: ">", amp: "&", quot: '"' };
const TOKEN = /<(\/?)([a-z-]+)((?:\s+[a-z-]+(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[a-z0-9.-]+))?)*)\s*>/iy;

const decode = (text) =>
	text.replace(/&(?:(lt|gt|amp|quot)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi, (whole, name, ten, sixteen) => {
		if (name) return NAMED[name.toLowerCase()];
		const point = ten ? parseInt(ten, 10) : parseInt(sixteen, 16);
		return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
	});

/* The same nodes from HTML; a tag that Telegram doesn't know stays visible as text. */
export function fromHtml(html, onCommand) {
	const stack = [{ tag: null, nodes: [] }];
	const close = () => {
		const { tag, href, nodes } = stack.pop();
		const text = nodes.map((node) => (typeof node === "string" ? node : node.textContent)).join("");
		stack.at(-1).nodes.push(wrap({ type: TAGS[tag], url: href }, nodes, text, onCommand));
	};
	let at = 0;
	while (at < html.length) {
		TOKEN.lastIndex = at;
		const found = html[at] === "<" ? TOKEN.exec(html) : null;
		const tag = found?.[2].toLowerCase();
		if (!found || !TAGS[tag]) {
			const end = html.indexOf("<", at + 1);
			stack.at(-1).nodes.push(decode(html.slice(at, end < 0 ? html.length : end)));
			at = end < 0 ? html.length : end;
			continue;
		}
		at = TOKEN.lastIndex;
		if (!found[1]) {
			const href = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))/i.exec(found[3]);
			stack.push({ tag, href: href && decode(href[1] ?? href[2] ?? href[3]), nodes: [] });
		} else if (stack.at(-1).tag === tag) {
			close();
		}
	}
	while (stack.length > 1) close();
	return stack[0].nodes;
}

/* Whatever the message brings. */
export function rich(message, onCommand) {
	if (message.entities?.length) return fromEntities(message.text ?? "", message.entities, onCommand);
	if (message.html) return fromHtml(message.html, onCommand);
	return [message.text ?? ""];
}
