import type { IWebhookFunctions } from 'n8n-workflow';

import type { MediaMessage } from '../providers/mediaMessage';
import { SECOND } from '../units';

/**
 * Some providers deliver to one URL only. During a test they go on delivering to the production URL, with a query
 * `?test=<path>` that asks production to forward deliveries to the test URL. So production loses nothing, whatever becomes
 * of the test: an n8n that was killed runs no hook of ours when it starts again, and then the first delivery finds no test
 * and goes to production. A test URL that is registered because there is no production has an empty `?test=`.
 */
const TEST = 'test';

/** A trigger's webhook, alone or with the query of a test. No other URL is ever changed, or taken for one of these. */
const TRIGGER_URL = /^([^?#]+\/webhook)(?:\?test=([^?#&]*))?$/;
const TEST_PATH = /^\/\w[^?#]*\/webhook$/;

/** The URL with a query that asks to forward deliveries to the test at this path of the same n8n. */
export function withTestQuery(url: string, testPath = ''): string {
	return `${url}?${TEST}=${encodeURIComponent(testPath)}`;
}

/** The path of the test that a URL asks to forward to. Empty for a test's own URL, nothing where there is no test. */
export function testPathOf(url: string): string | undefined {
	const [, , encoded] = TRIGGER_URL.exec(url) ?? [];
	if (!encoded) return encoded;
	// Unlike decodeURIComponent it throws for nothing.
	const path = new URLSearchParams(`${TEST}=${encoded}`).get(TEST)!;
	const isOurs = TEST_PATH.test(path) && encodeURIComponent(path) === encoded;
	return isOurs ? path : undefined;
}

/** The URL without its `?test=` query. */
export function withoutTestQuery(url: string): string {
	return testPathOf(url) === undefined ? url : url.slice(0, url.indexOf('?'));
}

/** Whether a test can be added to this URL: it is that of a trigger's webhook, and nothing else. */
export function canHaveTest(url: string): boolean {
	return TRIGGER_URL.test(url) && !url.includes('?');
}

/** The path of the test that a delivery asks to be forwarded to, if it is the path of a trigger's webhook. */
export function requestedTestPath({ [TEST]: path }: Record<string, unknown>): string | undefined {
	const isWebhook = typeof path === 'string' && TEST_PATH.test(path);
	return isWebhook ? path : undefined;
}

/**
 * In a forwarded delivery it asks the test to tell what it shows; in the test's answer it tells that, as the number of
 * messages in the delivery and the places of those that the test shows: `3: 0,2`. Everything else is production's.
 */
const SHOWN_HEADER = 'x-whatsapp-media-shown';

/** In a GET of our own, which asks n8n whether a trigger listens at its URL. */
export const IS_THERE_HEADER = 'x-whatsapp-media-is-there';
export const IS_THERE = 'It is there.';

/** Few enough for a header that every proxy lets through. The rest of so large a delivery goes to production. */
const MAX_SHOWN = 300;

/** Whether this is a test that gets its delivery from production. */
export function isForwarded(context: IWebhookFunctions): boolean {
	return context.getMode() === 'manual' && SHOWN_HEADER in context.getRequestObject().headers;
}

/**
 * Tells production which messages of a forwarded delivery this test shows.
 * @returns those of `wanted` that it does show
 */
export function reportShown(
	context: IWebhookFunctions,
	messages: MediaMessage[],
	wanted: MediaMessage[],
): MediaMessage[] {
	const places = new Map(messages.map((message, place) => [message, place]));
	const shown = wanted.slice(0, MAX_SHOWN);
	const list = shown.map((message) => places.get(message)).join();
	context.getResponseObject().setHeader(SHOWN_HEADER, `${messages.length}: ${list}`);
	return shown;
}

/** The messages that a test's answer names; nothing where no test of ours has answered. */
function readShown(answer: unknown, messages: MediaMessage[]): Set<MediaMessage> | undefined {
	const [, total, list] = /^(\d+): ?([\d,]*)$/.exec(String(answer)) ?? [];
	if (Number(total) !== messages.length || list === undefined) return undefined;
	const places = list.split(',').filter(Boolean).map(Number);
	return new Set(places.flatMap((place) => messages[place] ?? []));
}

/** In milliseconds. Tests shorten it. */
export const timing = {
	/** Before it answers, a test only starts its execution; with *Download Files* it fetches the files first. */
	testAnswer: 10 * SECOND,
};

/** They belong to the connection, or describe the body as it was sent: n8n has unzipped it. */
const NOT_FORWARDED = [
	'host',
	'connection',
	'content-length',
	'content-encoding',
	'transfer-encoding',
];

/**
 * Forwards a delivery, as it came, to the test that listens at this path.
 * @param messages what production has read in it
 * @returns those that the test shows; nothing where no test listens
 */
export async function forwardToTest(
	context: IWebhookFunctions,
	path: string,
	messages: MediaMessage[],
): Promise<Set<MediaMessage> | undefined> {
	const { headers, rawBody, socket } = context.getRequestObject();
	const forwarded = Object.fromEntries(
		Object.entries(headers).filter(([name]) => !NOT_FORWARDED.includes(name)),
	);
	const address = socket.localFamily === 'IPv6' ? `[${socket.localAddress}]` : socket.localAddress;
	const thisServer = `http${'encrypted' in socket ? 's' : ''}://${address}:${socket.localPort}`;
	const publicOrigin = new URL(context.getNodeWebhookUrl('default')!).origin;
	// This server first, since a proxy may hide test URLs. In queue mode another process has them, and the proxy knows which.
	for (const origin of [thisServer, publicOrigin]) {
		const reply = await context.helpers
			.httpRequest({
				method: 'POST',
				url: origin + path,
				headers: { ...(forwarded as Record<string, string>), [SHOWN_HEADER]: '?' },
				body: rawBody,
				timeout: timing.testAnswer,
				returnFullResponse: true,
				ignoreHttpStatusErrors: true,
				disableFollowRedirect: true,
				skipSslCertificateValidation: origin === thisServer,
			})
			.catch(({ code }: { code?: string }) => ({ isTimeout: code === 'ECONNABORTED' }));
		// The test has it and is at work: to send it again would show it twice, to wait on would cost production the delivery.
		if ('isTimeout' in reply) {
			if (reply.isTimeout) return new Set();
			continue;
		}
		const shown =
			reply.statusCode === 200 ? readShown(reply.headers[SHOWN_HEADER], messages) : undefined;
		if (shown) return shown;
	}
	return undefined;
}
