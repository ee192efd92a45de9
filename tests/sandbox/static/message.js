/* message.js: one message as Telegram shows it: the bubble, its document, the keys under it. */
import { clock, copy, el, hourMinute, icon } from "./dom.js";
import { rich } from "./rich.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

const FOLDED_LINES = 12; /* of a document, before it is opened */

/* ---- the bubble ---- */

function when(message) {
	const full = clock(message.date, { dateStyle: "long", timeStyle: "medium" });
	const edited =
		message.edit_date &&
		t("edited_at", clock(message.edit_date, { timeStyle: "medium" }));
	return el(
		"span",
		{ class: "when", title: [full, edited].filter(Boolean).join("\n") },
		edited && el("span", { "data-testid": "edited" }, `${t("edited")} `),
		el(
			"time",
			{ datetime: new Date(message.date * 1000).toISOString() },
			hourMinute(message.date),
		),
	);
}

function fileSave(file) {
	const url = URL.createObjectURL(
		new Blob([file.text ?? ""], { type: "text/plain;charset=utf-8" }),
	);
	el("a", { href: url, download: file.file_name }).click();
	setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function documentNode(file) {
	const text = file.text ?? "";
	const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
	return el(
		"div",
		{ class: "document", "data-testid": "document" },
		el(
			"button",
			{
				type: "button",
				class: "document-head",
				title: t("document_save"),
				onclick: () => fileSave(file),
			},
			el("span", { class: "document-icon" }, icon("save")),
			el(
				"span",
				{ class: "document-name" },
				el("b", {}, file.file_name),
				el("span", {}, t("lines", lines)),
			),
		),
		el(
			"details",
			{ open: lines <= FOLDED_LINES },
			el("summary", {}, t("document_show")),
			el("pre", { "data-testid": "document-text", tabindex: "0" }, text),
		),
	);
}

function preview(message) {
	const url =
		message.link_preview?.url ??
		(typeof message.link_preview === "string" ? message.link_preview : null);
	return url && el("span", { class: "preview", dir: "ltr" }, url);
}

/* ---- the keys ---- */

/* What a key does, by the one field besides its text that an inline key has. */
const KINDS = {
	callback_data: { kind: "callback" },
	url: { kind: "url", mark: "out" },
	copy_text: { kind: "copy", mark: "copy" },
};

export const keyKind = (key) =>
	key.disabled
		? "disabled"
		: (Object.entries(KINDS).find(([field]) => key[field] !== undefined)?.[1]
				.kind ?? "other");

function keyNode(key, acts, spins) {
	const kind = keyKind(key);
	const mark = Object.values(KINDS).find((row) => row.kind === kind)?.mark;
	const attributes = {
		class: `key ${["danger", "success", "primary"].includes(key.style) ? key.style : ""}`.trim(),
		"data-testid": "key",
		"data-kind": kind,
		"data-data": key.callback_data,
		dir: "auto",
	};
	const inside = [el("span", { class: "key-text" }, key.text), mark && icon(mark)];
	if (kind === "url")
		return el(
			"a",
			{
				...attributes,
				href: /^https?:\/\//i.test(key.url) ? key.url : null,
				target: "_blank",
				rel: "noopener noreferrer",
			},
			inside,
			el("span", { class: "out-of-sight" }, `, ${t("opens_tab")}`),
		);
	const node = el(
		"button",
		{
			...attributes,
			type: "button",
			disabled: kind === "disabled" || kind === "other",
			onclick:
				kind === "copy"
					? async () =>
							(await copy(key.copy_text.text)) &&
							toast(t("copied"))
					: () => acts.tap(key.callback_data),
		},
		inside,
	);
	if (kind === "callback" && spins) spinnerSet(node, true);
	return node;
}

/* The little wheel on a key until its callback is answered. */
export function spinnerSet(node, on) {
	node.classList.toggle("spins", on);
	if (on) node.setAttribute("aria-busy", "true");
	else node.removeAttribute("aria-busy");
}

function keysNode(markup, acts, spins) {
	const rows = markup?.inline_keyboard ?? [];
	if (!rows.length) return null;
	return el(
		"div",
		{ class: "keys" },
		rows.map((row) =>
			el(
				"div",
				{ class: "key-row" },
				row.map((key) => keyNode(key, acts, spins(key.callback_data))),
			),
		),
	);
}

/*
 * ACTS: tap(data) presses a key of this message, say(text) writes as the buyer.
 * SPINS(data) tells whether a key waits for its answer.
 */
export function messageNode(message, acts, spins) {
	const keys = keysNode(message.reply_markup, acts, spins);
	return el(
		"article",
		{
			class: `message ${message.from_bot ? "in" : "out"}${keys ? " with-keys" : ""}`,
			"data-testid": "message",
			"data-id": message.message_id,
			"data-from": message.from_bot ? "bot" : "buyer",
		},
		el(
			"div",
			{ class: "bubble" },
			message.document && documentNode(message.document),
			message.text &&
				el(
					"div",
					{
						class: "text",
						dir: "auto",
						"data-testid": "message-text",
					},
					rich(message, acts.say),
				),
			preview(message),
			when(message),
		),
		keys,
	);
}
