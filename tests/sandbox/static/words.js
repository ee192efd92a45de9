/* words.js: the page's own words.  What the shop writes is the shop's. */
import { byId, recall, remember } from "./dom.js";

const WORDS = {
	uk: {
		title: "Kartka — пісочниця",
		sandbox: "пісочниця",
		view: "Що показати",
		view_chat: "Чат",
		view_happens: "Що відбувається",
		theme: "Світла чи темна",
		language_page: "Мова сторінки",
		offline: "Пісочниця не відповідає. Зʼєднуюсь…",
		buyers: "Покупці",
		buyer_add: "Додати покупця",
		buyer_new: "Новий покупець",
		buyer_edit: "Змінити покупця",
		buyer_menu: "Дії з покупцем",
		buyer_unread: (n) => `непрочитаних: ${n}`,
		first_name: "Імʼя",
		last_name: "Прізвище",
		username: "Нік, без @",
		language: "Мова Telegram",
		language_none: "не передається",
		save: "Зберегти",
		add: "Додати",
		cancel: "Скасувати",
		close: "Закрити",
		ok: "Гаразд",
		block: "Заблокувати бота",
		unblock: "Розблокувати",
		unblock_bot: "Розблокувати бота",
		blocked: "бота заблоковано",
		clear: "Очистити чат",
		bot: "бот",
		deep_link: "Відкрити за посиланням",
		deep_link_hint: "те, що після ?start=, напр. v_kyivstar-100",
		open: "Відкрити",
		start: "ПОЧАТИ",
		empty_chat: "Тут іще порожньо",
		bot_can: "Що вміє цей бот?",
		empty_chat_hint:
			"Натисніть «Почати», щоб відкрити крамницю так, як її вперше бачить покупець.",
		messages: "Повідомлення",
		loading: "Завантажую…",
		commands: "Команди бота",
		message: "Повідомлення",
		send: "Надіслати",
		keyboard: "Клавіатура бота",
		edited: "змінено",
		edited_at: (time) => `Змінено о ${time}`,
		today: "Сьогодні",
		yesterday: "Вчора",
		to_end: "До останнього повідомлення",
		copy: "Скопіювати",
		copied: "Скопійовано",
		spoiler: "Показати приховане",
		document_show: "Показати вміст",
		document_save: "Зберегти файл",
		opens_tab: "відкриється в новій вкладці",
		lines: (n) => `рядків: ${n}`,
		failed: (why) => `Не вийшло: ${why}`,
		switches: "Перемикачі",
		switches_on: (n) => `увімкнено: ${n}`,
		switches_reset: "Вимкнути все",
		lose_notification: "Губити сповіщення",
		lose_notification_hint: "Portmone не повідомляє крамницю про оплату",
		telegram_down: "Telegram не працює",
		telegram_down_hint: "зʼєднання обриваються без відповіді",
		portmone_down: "Portmone не працює",
		portmone_down_hint: "зʼєднання обриваються без відповіді",
		duplicate_taps: "Кожне натискання двічі",
		duplicate_taps_hint: "крамниця отримує його двома оновленнями",
		test_mode: "Тестові гроші",
		test_mode_hint: "позначка TESTPM: код за них не видається",
		notification_format: "Формат сповіщення",
		filter: "Показати",
		all: "Усе",
		telegram: "Telegram",
		shop: "Крамниця",
		portmone: "Portmone",
		buyer: "Покупець",
		violations: "Порушення",
		whose: "Чиї події",
		everybody: "Усі покупці",
		clear_events: "Очистити список",
		events: "Запити й відповіді",
		empty_events: "Поки нічого не відбулося",
		empty_events_hint:
			"Напишіть боту: тут зʼявиться кожен запит і кожна відповідь.",
		empty_filter: "Такого ще не було",
		newer: (n) => `Нових: ${n}`,
		request: "Запит",
		answer: "Відповідь",
		nothing: "порожньо",
		no_answer: "без відповіді",
		ms: "мс",
		queue: (n) => `у черзі: ${n}`,
		queue_hint: "Оновлення, яких крамниця ще не прийняла",
	},
	en: {
		title: "Kartka — sandbox",
		sandbox: "sandbox",
		view: "What to show",
		view_chat: "Chat",
		view_happens: "What happens",
		theme: "Light or dark",
		language_page: "Page language",
		offline: "The sandbox doesn’t answer. Reconnecting…",
		buyers: "Buyers",
		buyer_add: "Add a buyer",
		buyer_new: "New buyer",
		buyer_edit: "Change the buyer",
		buyer_menu: "Buyer’s menu",
		buyer_unread: (n) => `${n} unread`,
		first_name: "First name",
		last_name: "Last name",
		username: "Username, without @",
		language: "Telegram language",
		language_none: "not sent",
		save: "Save",
		add: "Add",
		cancel: "Cancel",
		close: "Close",
		ok: "OK",
		block: "Block the bot",
		unblock: "Unblock",
		unblock_bot: "Unblock the bot",
		blocked: "the bot is blocked",
		clear: "Clear the chat",
		bot: "bot",
		deep_link: "Open by a link",
		deep_link_hint: "what follows ?start=, like v_kyivstar-100",
		open: "Open",
		start: "START",
		empty_chat: "Nothing here yet",
		bot_can: "What can this bot do?",
		empty_chat_hint: "Press Start to open the shop as a buyer first sees it.",
		messages: "Messages",
		loading: "Loading…",
		commands: "Bot’s commands",
		message: "Message",
		send: "Send",
		keyboard: "Bot’s keyboard",
		edited: "edited",
		edited_at: (time) => `Edited at ${time}`,
		today: "Today",
		yesterday: "Yesterday",
		to_end: "To the last message",
		copy: "Copy",
		copied: "Copied",
		spoiler: "Show what is hidden",
		document_show: "Show contents",
		document_save: "Save the file",
		opens_tab: "opens in a new tab",
		lines: (n) => `${n} ${n === 1 ? "line" : "lines"}`,
		failed: (why) => `That didn’t work: ${why}`,
		switches: "Switches",
		switches_on: (n) => `${n} on`,
		switches_reset: "All off",
		lose_notification: "Lose the notification",
		lose_notification_hint: "Portmone doesn’t tell the shop about the payment",
		telegram_down: "Telegram is down",
		telegram_down_hint: "connections are closed unanswered",
		portmone_down: "Portmone is down",
		portmone_down_hint: "connections are closed unanswered",
		duplicate_taps: "Deliver each tap twice",
		duplicate_taps_hint: "one tap arrives as two updates",
		test_mode: "Test money",
		test_mode_hint: "paid with the TESTPM mark: no code is given for it",
		notification_format: "Notification format",
		filter: "Show",
		all: "All",
		telegram: "Telegram",
		shop: "Shop",
		portmone: "Portmone",
		buyer: "Buyer",
		violations: "Violations",
		whose: "Whose events",
		everybody: "All buyers",
		clear_events: "Clear the list",
		events: "Requests and answers",
		empty_events: "Nothing has happened yet",
		empty_events_hint:
			"Write to the bot: every request and every answer shows up here.",
		empty_filter: "None of these yet",
		newer: (n) => `${n} new`,
		request: "Request",
		answer: "Answer",
		nothing: "empty",
		no_answer: "no answer",
		ms: "ms",
		queue: (n) => `queued: ${n}`,
		queue_hint: "Updates the shop has not taken yet",
	},
};

export const lang = recall("lang") === "en" ? "en" : "uk";
document.documentElement.lang = lang;

/* A word, or what its function makes of ARGS. */
export function t(key, ...args) {
	const word = WORDS[lang][key];
	return typeof word === "function" ? word(...args) : (word ?? key);
}

/* data-w fills the text, data-w-title the title and the label, data-w-hint the placeholder. */
export function wordsFill(root = document) {
	for (const node of root.querySelectorAll("[data-w]"))
		node.textContent = t(node.dataset.w);
	for (const node of root.querySelectorAll("[data-w-label]"))
		node.setAttribute("aria-label", t(node.dataset.wLabel));
	for (const node of root.querySelectorAll("[data-w-title]")) {
		node.title = t(node.dataset.wTitle);
		node.setAttribute("aria-label", node.title);
	}
	for (const node of root.querySelectorAll("[data-w-hint]"))
		node.placeholder = t(node.dataset.wHint);
	document.title = t("title");
}

/* The other language: the page is drawn anew, which is the surest way to miss no word. */
export function wordsSwitch() {
	for (const button of byId("lang").querySelectorAll("button")) {
		button.setAttribute("aria-pressed", String(button.value === lang));
		button.addEventListener("click", () => {
			if (button.value === lang) return;
			remember("lang", button.value);
			location.reload();
		});
	}
}
