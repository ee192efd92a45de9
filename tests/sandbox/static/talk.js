/* talk.js: the chat of the buyer who is looked at: messages, keyboards, the field to write in. */
import { follow, get, post } from "./api.js";
import { byId, childrenSet, clock, el } from "./dom.js";
import { messageNode, spinnerSet } from "./message.js";
import { alertShow, toast } from "./toast.js";
import { lang, t } from "./words.js";

const NEAR_END_PX = 80; /* closer to the end than this, new messages scroll into view */
const TAP_LIMIT_MS = 1500; /* a spinner whose chat never showed it is taken off */

const scroll = byId("scroll");
const list = byId("messages");
const composer = byId("composer");

let chat = null; /* the chat that is shown; see chatOpen() */
let atEnd = true; /* the last message is in sight, and new ones scroll into it */
let hooks = { read: () => {} };

const failed = (error) => toast(t("failed", error.message));

/* ---- what the buyer does ---- */

export async function chatSay(text) {
	if (!chat || !text.trim()) return;
	try {
		await post(`/api/users/${chat.user.id}/say`, { text });
	} catch (error) {
		failed(error);
	}
}

async function tap(messageId, data) {
	const { user, taps } = chat;
	const entry = { messageId, data, query: null };
	taps.push(entry);
	spinnersShow();
	try {
		const answer = await post(`/api/users/${user.id}/tap`, {
			message_id: messageId,
			data,
		});
		entry.query = answer.callback_query_id;
		if (chat?.answered.has(entry.query)) tapEnd(entry);
		else
			setTimeout(
				() => chat?.spinners.has(entry.query) || tapEnd(entry),
				TAP_LIMIT_MS,
			);
	} catch (error) {
		tapEnd(entry);
		failed(error);
	}
}

function tapEnd(entry) {
	if (!chat) return;
	chat.taps = chat.taps.filter((one) => one !== entry);
	spinnersShow();
}

/* ---- what comes ---- */

const tapOf = (messageId, data) =>
	chat.taps.some((one) => one.messageId === messageId && one.data === data);

function spinnersShow() {
	for (const [id, { node }] of chat.nodes)
		for (const key of node.querySelectorAll('.key[data-kind="callback"]'))
			spinnerSet(key, tapOf(id, key.dataset.data));
}

function spinnersTake(state) {
	chat.spinners = new Set(state.spinners ?? []);
	chat.taps = chat.taps.filter((one) => {
		if (one.query === null || chat.spinners.has(one.query)) {
			one.seen ||= one.query !== null;
			return true;
		}
		return !one.seen && !chat.answered.has(one.query);
	});
}

function answersTake(answers, fresh) {
	for (const answer of answers ?? []) {
		if (chat.answered.has(answer.callback_query_id)) continue;
		chat.answered.add(answer.callback_query_id);
		if (fresh || !answer.text) continue;
		if (answer.show_alert) alertShow(answer.text);
		else toast(answer.text);
	}
}

const dayOf = (seconds) =>
	clock(seconds, { year: "numeric", month: "2-digit", day: "2-digit" });

function dayNode(seconds) {
	const day = dayOf(seconds);
	const now = Date.now() / 1000;
	let text = clock(seconds, { day: "numeric", month: "long" });
	if (day === dayOf(now)) text = t("today");
	else if (day === dayOf(now - 86400)) text = t("yesterday");
	chat.days[day] ??= el("div", { class: "day" }, el("span", {}));
	chat.days[day].firstChild.textContent = text;
	return chat.days[day];
}

/* The node of a message, made anew when anything about it changed; a key's focus is kept. */
function nodeOf(message) {
	const id = message.message_id;
	const drawn = JSON.stringify(message);
	const had = chat.nodes.get(id);
	if (had?.drawn === drawn) return had.node;
	const acts = { tap: (data) => tap(id, data), say: chatSay };
	const node = messageNode(message, acts, (data) => tapOf(id, data));
	const keys = (root) => [...root.querySelectorAll(".key")];
	const focused = had ? keys(had.node).indexOf(document.activeElement) : -1;
	if (had) {
		node.classList.add("changed");
		had.node.replaceWith(node);
	}
	chat.nodes.set(id, { drawn, node });
	if (focused >= 0) keys(node)[Math.min(focused, keys(node).length - 1)]?.focus();
	return node;
}

function messagesShow(messages) {
	const wasAtEnd = atEnd;
	const wasEmpty = !list.childElementCount;
	const ids = new Set(messages.map((one) => one.message_id));
	for (const id of [...chat.nodes.keys()]) if (!ids.has(id)) chat.nodes.delete(id);
	const nodes = [];
	let day;
	let side;
	for (const message of messages) {
		if (dayOf(message.date) !== day) nodes.push(dayNode(message.date));
		day = dayOf(message.date);
		const node = nodeOf(message);
		node.classList.toggle("follows", side === message.from_bot);
		side = message.from_bot;
		nodes.push(node);
	}
	childrenSet(list, nodes);
	byId("chat-empty").hidden = messages.length > 0;
	if (wasAtEnd || wasEmpty || messages.at(-1)?.from_bot === false) scrollToEnd();
	else byId("to-end").hidden = false;
}

function scrollToEnd() {
	scroll.scrollTop = scroll.scrollHeight;
	atEnd = true;
	byId("to-end").hidden = true;
}

function take(state, fresh) {
	const messages = [...(state.messages ?? [])].sort(
		(a, b) => a.message_id - b.message_id,
	);
	answersTake(state.answers, fresh);
	spinnersTake(state);
	messagesShow(messages);
	spinnersShow();
	keyboardTake(state.reply_keyboard);
	chat.empty = messages.length === 0;
	footShow();
	hooks.read(chat.user.id, messages);
	return state.version;
}

/* ---- the foot: start, unblock, the field, the reply keyboard ---- */

function keyboardTake(markup) {
	const rows = markup?.keyboard ?? (Array.isArray(markup) ? markup : []);
	const drawn = JSON.stringify(rows);
	composer.placeholder = markup?.input_field_placeholder || t("message");
	if (chat.keyboard === drawn) return;
	chat.keyboard = drawn;
	chat.keyboardShown = rows.length > 0;
	const texts = (row) => row.map((key) => (typeof key === "string" ? key : key.text));
	byId("keyboard").replaceChildren(
		...rows.map((row) =>
			el(
				"div",
				{ class: "key-row" },
				texts(row).map((text) =>
					el(
						"button",
						{
							type: "button",
							class: "reply-key",
							"data-testid": "reply-key",
							dir: "auto",
							onclick: () => chatSay(text),
						},
						text,
					),
				),
			),
		),
	);
}

function footShow() {
	const blocked = Boolean(chat?.user.blocked);
	const starts = !blocked && Boolean(chat?.empty);
	const keys = Boolean(chat) && byId("keyboard").childElementCount > 0;
	byId("unblock").hidden = !blocked;
	byId("start").hidden = !starts;
	byId("composer-form").hidden = blocked || starts || !chat;
	byId("keyboard-open").hidden = !keys;
	const shown = keys && chat.keyboardShown && !blocked && !starts;
	byId("keyboard").hidden = !shown;
	byId("keyboard-open").setAttribute("aria-expanded", String(shown));
}

function commandsShow(on) {
	const menu = byId("commands");
	menu.hidden = !on || !menu.childElementCount;
	byId("commands-open").setAttribute("aria-expanded", String(!menu.hidden));
	if (!menu.hidden) menu.querySelector("button")?.focus();
}

/* What the bot says of itself to people of this language. */
async function botAsk(user) {
	const bot = await get(
		`/api/bot?language=${encodeURIComponent(user.language_code ?? "")}`,
	).catch(() => ({}));
	if (chat?.user.id !== user.id) return;
	byId("bot-name").textContent = bot.name || "Kartka";
	byId("bot-line").textContent = bot.username ? `@${bot.username}` : t("bot");
	byId("chat-empty-title").textContent = t(bot.description ? "bot_can" : "empty_chat");
	byId("chat-empty-text").textContent = bot.description || t("empty_chat_hint");
	byId("commands-open").hidden = !bot.commands?.length;
	byId("commands").replaceChildren(
		...(bot.commands ?? []).map(({ command, description }) =>
			el(
				"button",
				{
					type: "button",
					role: "menuitem",
					"data-testid": "command",
					onclick: () => {
						commandsShow(false);
						composer.focus();
						chatSay(`/${command}`);
					},
				},
				el("b", {}, `/${command}`),
				el("span", {}, description),
			),
		),
	);
}

/* ---- opening ---- */

export function chatOpen(user) {
	chat?.stop.abort();
	chat = {
		user,
		nodes: new Map(),
		days: {},
		taps: [],
		spinners: new Set(),
		answered: new Set(),
		keyboard: null,
		keyboardShown: false,
		empty: false,
		stop: new AbortController(),
	};
	list.replaceChildren();
	byId("keyboard").replaceChildren();
	byId("chat-empty").hidden = true;
	byId("to-end").hidden = true;
	commandsShow(false);
	list.lang = lang;
	footShow();
	botAsk(user);
	follow({
		signal: chat.stop.signal,
		path: (after, wait) => `/api/chats/${user.id}?after=${after}&wait=${wait}`,
		take,
	});
}

/* The same buyer with other properties. */
export function chatUser(user) {
	if (chat?.user.id !== user.id) return;
	const language = chat.user.language_code;
	chat.user = user;
	if (language !== user.language_code) botAsk(user);
	footShow();
}

/* The shop may have told Telegram about itself since. */
export const botAskAgain = () => chat && botAsk(chat.user);

export function talkStart({ read }) {
	hooks = { read };
	const grow = () => {
		composer.style.height = "auto";
		composer.style.height = `${Math.min(composer.scrollHeight, 120)}px`;
	};
	const send = () => {
		const text = composer.value;
		composer.value = "";
		grow();
		commandsShow(false);
		chatSay(text);
	};
	byId("composer-form").addEventListener(
		"submit",
		(event) => (event.preventDefault(), send()),
	);
	composer.addEventListener("keydown", (event) => {
		if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
		event.preventDefault();
		send();
	});
	composer.addEventListener("input", grow);
	byId("start").addEventListener("click", () => chatSay("/start"));
	byId("keyboard-open").addEventListener("click", () => {
		chat.keyboardShown = !chat.keyboardShown;
		footShow();
	});
	byId("commands-open").addEventListener("click", () =>
		commandsShow(byId("commands").hidden),
	);
	byId("commands").addEventListener("keydown", commandsKey);
	document.addEventListener("click", (event) => {
		if (
			!byId("commands").contains(event.target) &&
			!byId("commands-open").contains(event.target)
		)
			commandsShow(false);
	});
	byId("to-end").addEventListener("click", scrollToEnd);
	let height = scroll.clientHeight;
	scroll.addEventListener("scroll", () => {
		if (scroll.clientHeight !== height) return; /* not by the buyer */
		atEnd =
			scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight <
			NEAR_END_PX;
		if (atEnd) byId("to-end").hidden = true;
	});
	/* A keyboard or a warning takes room: the last message stays in sight. */
	new ResizeObserver(() => {
		height = scroll.clientHeight;
		if (atEnd) scrollToEnd();
	}).observe(scroll);
	byId("deep-form").addEventListener("submit", (event) => {
		event.preventDefault();
		const typed = byId("deep-input").value.trim();
		const payload = /[?&]start=([^&#\s]*)/.exec(typed)?.[1] ?? typed;
		byId("deep").open = false;
		chatSay(`/start ${payload}`);
	});
}

function commandsKey(event) {
	const items = [...byId("commands").children];
	const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
	if (event.key === "Escape") {
		commandsShow(false);
		byId("commands-open").focus();
	} else if (step) {
		event.preventDefault();
		items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
	}
}
