import type { IWebhookFunctions } from 'n8n-workflow';

/**
 * While one listens for a test event, a provider with a single place to deliver to goes on delivering to the production
 * URL, whose `?test=…` asks to pass deliveries on to the test URL. So production loses nothing, whatever becomes of the
 * test: n8n runs no hook of ours when it starts again after it was killed, and then the first delivery finds no test and
 * is production's. A test URL that stands in for no production is marked by an empty `?test=`.
 */
const TEST = 'test';

/** A URL that asks to pass deliveries on to the test at this path of the same n8n. */
export function withTest(url: string, path = ''): string {
	const asking = new URL(url);
	asking.searchParams.set(TEST, path);
	return asking.href;
}

/** The path of the test that a URL asks for; empty where it is a test's own. */
export function testPathOf(url: string): string | undefined {
	return URL.canParse(url) ? (new URL(url).searchParams.get(TEST) ?? undefined) : undefined;
}

export function withoutTest(url: string): string {
	return testPathOf(url) === undefined ? url : url.split('?')[0]!;
}

/** The path of the test that a request is for, if it is one of a trigger. */
export function requestedTestPath({ [TEST]: path }: Record<string, unknown>): string | undefined {
	return typeof path === 'string' && /^\/\w[^?#]*\/webhook$/.test(path) ? path : undefined;
}

/** A test only starts before it answers. */
const TIMEOUT_MS = 10_000;

/** Of the connection that a delivery came by, and of how its body, which n8n has unzipped, was sent. */
const NOT_PASSED_ON = ['host', 'connection', 'content-length', 'content-encoding', 'transfer-encoding'];

/** Passes a delivery on, as it came, to the test that listens at this path; whether one took it. */
export async function forwardToTest(context: IWebhookFunctions, path: string): Promise<boolean> {
	const { headers, rawBody, socket } = context.getRequestObject();
	const others = Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_PASSED_ON.includes(name)));
	const address = socket.localFamily === 'IPv6' ? `[${socket.localAddress}]` : socket.localAddress;
	const here = `http${'encrypted' in socket ? 's' : ''}://${address}:${socket.localPort}`;
	// This very server, since a proxy may hide test URLs; in queue mode they are another process's, whom the proxy knows.
	for (const origin of [here, new URL(context.getNodeWebhookUrl('default')!).origin]) {
		const reply = await context.helpers
			.httpRequest({
				method: 'POST',
				url: origin + path,
				headers: others as Record<string, string>,
				body: rawBody,
				timeout: TIMEOUT_MS,
				returnFullResponse: true,
				ignoreHttpStatusErrors: true,
				disableFollowRedirect: true,
				skipSslCertificateValidation: origin === here,
			})
			.catch(() => undefined);
		if (reply?.statusCode === 200) return true;
	}
	return false;
}
