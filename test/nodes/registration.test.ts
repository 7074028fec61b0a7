import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { listening } from '../../nodes/WhatsApp/trigger/registration';
import { serveTrigger, type TriggerServer } from '../support/core/webhook';
import { hostOverrides } from '../emulator/client';
import { credentialFor, startHarness, type Harness } from '../support/harness';

/** The trigger's hooks over n8n-core's contexts, against the emulator, which calls every URL back before it takes it. */

const FOREIGN = 'https://other.example/hook';
const LEVELS = ['phoneNumber', 'account', 'app'] as const;

let harness: Harness;
let servers: TriggerServer[] = [];
/** Somebody else's webhook, which answers every handshake. */
let echo: { url: string; close: () => void };
beforeAll(async () => {
	harness = await startHarness();
	echo = await startEcho();
});
afterAll(async () => {
	echo.close();
	await harness.close();
});
beforeEach(() => {
	harness.emulator.reset();
	hostOverrides.clear();
});
afterEach(async () => {
	await Promise.all(servers.map(async (server) => await server.close()));
	servers = [];
});

async function startEcho() {
	const server = createServer(({ url }, response) => {
		response.end(new URL(url!, 'http://x').searchParams.get('hub.challenge'));
	});
	await once(server.listen(0, '127.0.0.1'), 'listening');
	const { port } = server.address() as AddressInfo;
	return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** An active-able trigger in an n8n of its own, at https://<host>. */
async function trigger({
	host = 'n8n.example',
	registration = 'phoneNumber' as string,
	credential = {},
	webhookId = 'a1b2',
} = {}) {
	const server = await serveTrigger(harness.engine, {
		node: 'whatsAppMediaTrigger',
		parameters: { registration },
		credentials: { whatsAppMediaApi: { ...harness.credential, ...credential } },
		publicUrl: `https://${host}/`,
		webhookId,
	});
	hostOverrides.set(`https://${host}`, server.baseUrl.slice(0, -1));
	servers.push(server);
	return server;
}

/** Where Meta delivers now, by level. */
const callbacks = () => {
	const { subscriptions, credentials } = harness.emulator.meta;
	return {
		phoneNumber: subscriptions.phoneNumbers.get(credentials.phoneNumberId)?.url,
		account: subscriptions.account?.url,
		app: subscriptions.app?.url,
	};
};

const places = () => {
	const { phoneNumbers, account, app } = harness.emulator.meta.subscriptions;
	return [...phoneNumbers, account, app];
};

/** Somebody else's callback, which knows another verify token. */
const occupy = (level: (typeof LEVELS)[number], url = FOREIGN) => {
	const { subscriptions, credentials } = harness.emulator.meta;
	const callback = { url, verifyToken: 'theirs' };
	subscriptions.subscribed = true;
	if (level === 'phoneNumber') subscriptions.phoneNumbers.set(credentials.phoneNumberId, callback);
	else if (level === 'account') subscriptions.account = callback;
	else subscriptions.app = { ...callback, fields: ['messages', 'flows'], version: 'v25.0' };
};

describe.each(LEVELS)('at the level %s', (level) => {
	test('activate, receive, deactivate', async () => {
		const server = await trigger({ registration: level });
		await server.activate();
		expect(callbacks()).toEqual({
			phoneNumber: undefined,
			account: undefined,
			app: undefined,
			[level]: server.url,
		});
		const { answer } = await harness.emulator.meta.receive({ type: 'image', bytes: 'x' });
		expect(answer!.status).toBe(200);
		expect(server.executions).toHaveLength(1);
		await server.deactivate();
		expect(callbacks()).toEqual({ phoneNumber: undefined, account: undefined, app: undefined });
	});

	test('with the phone number’s ID alone: Meta knows the others', async () => {
		const server = await trigger({
			registration: level,
			credential: { businessAccountId: '', appId: '' },
		});
		harness.emulator.meta.subscriptions.otherApps.push({ id: '1', name: 'Another app' });
		await server.activate();
		expect(callbacks()[level]).toBe(server.url);
		expect(harness.emulator.meta.subscriptions.subscribed).toBe(true);
		await server.startTest();
		await server.stopTest();
		await server.deactivate();
		expect(callbacks()[level]).toBeUndefined();
	});

	test('where Meta does not know them by the phone number: they are asked for, but by the number itself', async () => {
		harness.emulator.meta.variants.healthStatus = 'unknown';
		harness.emulator.meta.subscriptions.subscribed = true;
		const server = await trigger({
			registration: level,
			credential: { businessAccountId: '', appId: '' },
		});
		if (level !== 'phoneNumber')
			return await expect(server.activate()).rejects.toThrow('App ID in the credential');
		await server.activate();
		expect(callbacks()[level]).toBe(server.url);
	});

	test('while Meta fails to tell them: that is said, not that they are missing', async () => {
		harness.emulator.meta.fault({ on: 'phoneNumber', status: 503 });
		const server = await trigger({
			registration: level,
			credential: { businessAccountId: '', appId: '' },
		});
		await expect(server.activate()).rejects.toThrow('HTTP 503');
	});

	test('activating again, and deactivating twice, do no harm', async () => {
		const server = await trigger({ registration: level });
		await server.activate();
		await server.activate({ activation: 'init' });
		expect(callbacks()[level]).toBe(server.url);
		await server.deactivate();
		await server.deactivate();
		expect(callbacks()[level]).toBeUndefined();
	});

	test('a place that is taken: whose it is, and it stays theirs', async () => {
		occupy(level);
		const server = await trigger({ registration: level });
		await expect(server.activate()).rejects.toThrow(
			`Deliveries already go to another webhook: ${FOREIGN}`,
		);
		await server.deactivate();
		expect(callbacks()[level]).toBe(FOREIGN);
	});

	test('a place that another workflow of this n8n has: that is said', async () => {
		const other = 'https://n8n.example/webhook/other/webhook';
		occupy(level, other);
		const server = await trigger({ registration: level });
		await expect(server.activate()).rejects.toThrow(
			`Another workflow of this n8n already receives these files; its webhook is ${other}. Look on the Overview for a published workflow`,
		);
		expect(callbacks()[level]).toBe(other);
	});

	test('a callback that somebody put in our place meanwhile stays on deactivation', async () => {
		const server = await trigger({ registration: level });
		await server.activate();
		occupy(level);
		await server.deactivate();
		expect(callbacks()[level]).toBe(FOREIGN);
	});

	test('testing while active: production is back after the first event, after stop, and twice', async () => {
		const server = await trigger({ registration: level });
		await server.activate();
		for (const end of ['event', 'stop', 'event'] as const) {
			await server.startTest();
			expect(callbacks()[level]).toBe(`${server.url}?test=%2Fwebhook-test%2Fa1b2%2Fwebhook`);
			if (end === 'event') await harness.emulator.meta.receive({ type: 'image', bytes: 'x' });
			else await server.stopTest();
			await server.settled();
			expect(callbacks()[level]).toBe(server.url);
		}
		expect(server.executions).toHaveLength(2);
		expect(server.tests).toBe(2);
		await harness.emulator.meta.receive({ type: 'image', bytes: 'x' });
		expect(server.executions).toHaveLength(3);
		expect(server.tests).toBe(2);
	});

	test('killed in the middle of a test: the next delivery is production’s, and ends the detour', async () => {
		const server = await trigger({ registration: level });
		await server.activate();
		await server.startTest();
		server.forgetTest();
		const { answer } = await harness.emulator.meta.receive({ type: 'image', bytes: 'x' });
		expect(answer!.status).toBe(200);
		expect(server.executions).toHaveLength(1);
		while (callbacks()[level] !== server.url)
			await new Promise((resolve) => setTimeout(resolve, 20));
	});

	test('killed in the middle of a test of an inactive workflow: whoever comes next takes the place', async () => {
		const dead = await trigger({ registration: level, webhookId: 'dead' });
		await dead.startTest();
		await dead.close();
		listening.delete(dead.testUrl);
		const server = await trigger({ registration: level });
		await server.startTest();
		expect(callbacks()[level]).toBe(`${server.testUrl}?test=`);
		await server.activate();
		expect(callbacks()[level]).toBe(server.url);
	});

	test('testing an inactive workflow leaves nothing behind', async () => {
		const server = await trigger({ registration: level });
		await server.startTest();
		expect(callbacks()[level]).toBe(`${server.testUrl}?test=`);
		await server.stopTest();
		expect(callbacks()[level]).toBeUndefined();
	});

	test('while another workflow is tested: whose test it is, and that it goes on', async () => {
		const [active, first, second] = [
			await trigger({ registration: level, webhookId: 'active' }),
			await trigger({ registration: level, webhookId: 'first' }),
			await trigger({ registration: level, webhookId: 'second' }),
		];
		hostOverrides.set('https://n8n.example', active.baseUrl.slice(0, -1));
		for (const isPublished of [true, false]) {
			await (isPublished ? active.activate() : active.deactivate());
			if (!isPublished) hostOverrides.set('https://n8n.example', first.baseUrl.slice(0, -1));
			await first.startTest();
			const during = callbacks()[level];
			await expect(second.startTest()).rejects.toThrow(
				/A test of the workflow ".+" is receiving the messages for this number/,
			);
			expect(callbacks()[level]).toBe(during);
			await first.stopTest();
			hostOverrides.set(
				'https://n8n.example',
				(isPublished ? active : second).baseUrl.slice(0, -1),
			);
			await second.startTest();
			await second.stopTest();
		}
	});

	test('testing where another holds the place, who would not take our verify token: nothing is touched', async () => {
		occupy(level);
		hostOverrides.set('https://other.example', 'http://127.0.0.1:9');
		const server = await trigger({ registration: level });
		await expect(server.startTest()).rejects.toThrow(
			`Deliveries go to another webhook, and a test would take them away from it: ${FOREIGN}`,
		);
		expect(callbacks()[level]).toBe(FOREIGN);
	});

	test('testing where another n8n with the same credential holds the place: nothing is touched', async () => {
		const other = await trigger({
			registration: level,
			host: 'n8n-two.example',
			webhookId: 'other',
		});
		await other.activate();
		const server = await trigger({ registration: level });
		await expect(server.startTest()).rejects.toThrow(
			'and a test would take them away from it: https://n8n-two.example/webhook/other/webhook',
		);
		expect(callbacks()[level]).toBe(other.url);
	});

	test.each([
		'https://n8n.example/staging/webhook/a1b2/webhook',
		'https://n8n.example/staging/webhook/a1b2/webhook?test=%2Fwebhook-test%2Fa1b2%2Fwebhook',
		'https://n8n.example/staging/webhook-test/a1b2/webhook?test=',
		'https://me:s3cret@n8n.example/webhook/a1b2/webhook',
	])('%s, of another n8n on the same host, is not taken for ours', async (url) => {
		occupy(level, url);
		const before = JSON.stringify(places());
		// It would take any verify token.
		hostOverrides.set('https://n8n.example', echo.url);
		const server = await trigger({ registration: level });
		await expect(server.activate()).rejects.toThrow('Deliveries already go to another webhook');
		await expect(server.startTest()).rejects.toThrow('Deliveries go to another webhook, and');
		await server.deactivate();
		expect(JSON.stringify(places())).toBe(before);
	});

	test('of a webhook that has the place, an error shows neither password nor query', async () => {
		occupy(level, 'https://shop:s3cret@other.example/hook/@here?key=s3cret');
		const server = await trigger({ registration: level });
		const SHOWN = /(: https:\/\/other\.example\/hook\/@here)\. /;
		await expect(server.activate()).rejects.toThrow(SHOWN);
		await expect(server.startTest()).rejects.toThrow(SHOWN);
	});

	test.each([
		'https://n8n.example/webhook/other?key=s3cret',
		'https://n8n.example/webhook/other/webhook?key=s3cret%20word&b=a+b',
		'https://n8n.example/webhook/other/webhook?test=1',
		'https://n8n.example/webhook/other/webhook?test=%2Fwebhook-test%2Fx%2Fwebhook&key=1',
		'https://n8n.example/webhook/a1b2/webhook?key=s3cret',
		'https://other.example/webhook/a1b2/webhook?test=%2Fwebhook-test%2Fa1b2%2Fwebhook',
		'https://other.example/webhook-test/a1b2/webhook?test=',
		'https://other.example/webhook/other/webhook?test=%E0%A4%A',
	])(
		'testing where %s holds the place: nothing is touched, its verify token included',
		async (url) => {
			occupy(level, url);
			const before = JSON.stringify(places());
			const server = await trigger({ registration: level });
			// It would take any verify token.
			hostOverrides.set(new URL(url).origin, echo.url);
			await expect(server.startTest()).rejects.toThrow(
				url.startsWith('https://n8n.example')
					? 'Deliveries go to another workflow of this n8n, and a test would take them away from it'
					: 'Deliveries go to another webhook, and a test would take them away from it',
			);
			await server.stopTest();
			expect(JSON.stringify(places())).toBe(before);
		},
	);

	test('an address of another n8n that ends like a test is not taken for a place that is free', async () => {
		occupy(level, 'https://other.example/hook?test=');
		const before = JSON.stringify(places());
		hostOverrides.set('https://other.example', echo.url);
		const server = await trigger({ registration: level });
		await expect(server.activate()).rejects.toThrow('Deliveries already go to another webhook');
		await server.deactivate();
		expect(JSON.stringify(places())).toBe(before);
	});

	test('deactivated during a test: nothing dead is put back', async () => {
		const server = await trigger({ registration: level });
		await server.activate();
		await server.startTest();
		await server.deactivate();
		await server.stopTest();
		expect(callbacks()[level]).toBeUndefined();
	});
});

test('a test that does not take a delivery leaves it to production', async () => {
	const server = await trigger();
	await server.activate();
	await server.startTest();
	const { url } = server;
	const body = harness.emulator.meta.envelope([
		[
			harness.emulator.meta.value([
				harness.emulator.meta.prepare({ type: 'image', bytes: 'x' }).message,
			]),
		],
	]);
	const stranger = new URL(harness.emulator.thirdParty.url).host;
	for (const test of [
		'/webhook-test/other/webhook',
		'/nowhere',
		'/webhook/a1b2/webhook?test=%2Fwebhook%2Fa1b2%2Fwebhook',
		`@${stranger}/webhook`,
		`//${stranger}/webhook`,
		' ',
		'',
	]) {
		server.executions.length = 0;
		const { status } = await harness.emulator.meta.deliver(
			body.replaceAll('wamid.', `wamid.${Math.random()}`),
			{ callback: `${url}?test=${encodeURIComponent(test)}` },
		);
		expect([test, status, server.executions.length]).toEqual([test, 200, 1]);
	}
	expect(
		(
			await harness.emulator.meta.deliver(body, {
				callback: `${url}?test=%2Fwebhook-test%2Fa1b2%2Fwebhook`,
				secret: 'wrong',
			})
		).status,
	).toBe(401);
	expect(harness.emulator.requests.filter(({ vendor }) => vendor !== 'meta')).toEqual([]);
	expect(callbacks().phoneNumber).toContain('?test=');
	await server.stopTest();
	expect(callbacks().phoneNumber).toBe(url);
});

test('the forwarding to a test that has ended is ended once, however many deliveries come', async () => {
	const { meta } = harness.emulator;
	const server = await trigger();
	await server.activate();
	await server.startTest();
	server.forgetTest();
	meta.fault({ on: 'subscribe', status: 503, times: Infinity });
	const before = harness.emulator.requests.length;
	const callback = callbacks().phoneNumber;
	const photos = Array.from({ length: 5 }, () => meta.prepare({ type: 'image', bytes: 'x' }));
	for (const { message } of photos)
		expect((await meta.deliver([message], { callback })).status).toBe(200);
	const calls = () => harness.emulator.requests.slice(before).map(({ method }) => method);
	while (!calls().includes('POST')) await new Promise((resolve) => setTimeout(resolve, 20));
	expect(calls().filter((method) => method === 'POST')).toHaveLength(1);
	expect(server.executions).toHaveLength(5);
});

test('a test ends where production of another workflow no longer answers: that is left as it is', async () => {
	const active = await trigger({ webhookId: 'active' });
	await active.activate();
	const server = await trigger({ webhookId: 'other' });
	hostOverrides.set('https://n8n.example', active.baseUrl.slice(0, -1));
	await server.startTest();
	const during = callbacks().phoneNumber;
	expect(during).toBe(`${active.url}?test=%2Fwebhook-test%2Fother%2Fwebhook`);
	hostOverrides.set('https://n8n.example', 'http://127.0.0.1:9');
	await server.stopTest();
	expect(callbacks().phoneNumber).toBe(during);
});

describe.each([
	{ what: 'without a webhookId (of the CLI or the API)', node: { webhookId: undefined } },
	{
		what: 'with endpoints of several parts',
		node: { webhookId: 'a1b2', endpoints: { webhook: 'api/v1/hooks', test: 'api/tests' } },
	},
	{
		what: 'with endpoints that have nothing in common, and no webhookId',
		node: { webhookId: undefined, endpoints: { webhook: 'in', test: 'api/v1/tests' } },
	},
])('a node $what', ({ node }) => {
	const PUBLIC_URL = 'https://n8n.example/prod/';
	const serve = async (credential: object, publicUrl?: string) => {
		const server = await serveTrigger(harness.engine, {
			name: 'Receive',
			node: 'whatsAppMediaTrigger',
			credentials: { whatsAppMediaApi: credential as never },
			...(publicUrl && { publicUrl }),
			...node,
		});
		hostOverrides.set('https://n8n.example', server.baseUrl.slice(0, -1));
		servers.push(server);
		return server;
	};

	test('is tested while it is published, and published while it is tested', async () => {
		const server = await serve(harness.credential, PUBLIC_URL);
		const forwarding = () =>
			`${server.url}?test=${encodeURIComponent(new URL(server.testUrl).pathname)}`;
		await server.activate();
		await server.startTest();
		expect(callbacks().phoneNumber).toBe(forwarding());
		await server.stopTest();
		expect(callbacks().phoneNumber).toBe(server.url);
		await server.deactivate();
		await server.startTest();
		await server.activate();
		expect(callbacks().phoneNumber).toBe(server.url);
	});

	test('in a list: a message starts its test alone', async () => {
		const server = await serve(credentialFor(harness.emulator, 'whapi'));
		await server.activate();
		await server.startTest();
		await harness.emulator.whapi.receive({ type: 'image', bytes: 'x' });
		await server.settled();
		expect([server.tests, server.executions.length]).toEqual([1, 1]);
	});

	test('leaves alone the same node of another n8n on the same host, and of another workflow', async () => {
		const server = await serve(harness.credential, PUBLIC_URL);
		for (const url of [
			server.url.replace('/prod/', '/staging/'),
			server.testUrl.replace('/prod/', '/staging/').concat('?test='),
			server.url.replace('/prod/', '/prod/x/'),
			server.url.replace('/prod/', '/'),
			server.url.replace(/(a1b2|workflow)\//, 'other/'),
		]) {
			occupy('phoneNumber', url);
			const before = JSON.stringify(places());
			// It does not answer.
			hostOverrides.set('https://n8n.example', 'http://127.0.0.1:9');
			await expect(server.activate()).rejects.toThrow(/another w/i);
			await expect(server.startTest()).rejects.toThrow(/another w/i);
			await server.deactivate();
			expect(JSON.stringify(places())).toBe(before);
		}
	});
});

test('ten workflows on one app, one for each number', async () => {
	const { meta } = harness.emulator;
	const extra = Array.from({ length: 8 }, (_, i) => ({
		...meta.phoneNumbers[0]!,
		id: `20000000000${i}`,
	}));
	meta.phoneNumbers.push(...extra);
	try {
		const active = await Promise.all(
			meta.phoneNumbers.map(async ({ id }, i) => {
				const server = await trigger({
					host: `n8n-${i}.example`,
					webhookId: id,
					credential: { phoneNumberId: id },
				});
				await server.activate();
				return { id, server };
			}),
		);
		expect(active).toHaveLength(10);
		for (const { id } of active)
			await meta.receive({ type: 'image', bytes: 'x', phoneNumberId: id });
		for (const { id, server } of active)
			expect(server.executions.flat().map(({ json }) => json.phoneNumberId)).toEqual([id]);
		await active[3]!.server.deactivate();
		expect(meta.subscriptions.phoneNumbers.size).toBe(9);
	} finally {
		meta.phoneNumbers.splice(2);
	}
});

test('the app is subscribed to the account, once, and an override there survives', async () => {
	const account = await trigger({
		registration: 'account',
		host: 'n8n-two.example',
		webhookId: 'account',
	});
	await account.activate();
	await (await trigger()).activate();
	expect(harness.emulator.meta.subscriptions.subscribed).toBe(true);
	expect(callbacks().account).toBe(account.url);
	const bare = harness.emulator.requests.filter(
		({ method, path, body }) =>
			method === 'POST' &&
			path.endsWith('/subscribed_apps') &&
			!body?.includes('override_callback_uri'),
	);
	expect(bare).toHaveLength(1);
});

test('fields that somebody ticked in the dashboard stay subscribed', async () => {
	const server = await trigger({ registration: 'app' });
	occupy('app', server.url);
	await server.startTest();
	await server.stopTest();
	expect(harness.emulator.meta.subscriptions.app?.fields ?? ['messages', 'flows']).toEqual(
		expect.arrayContaining(['messages', 'flows']),
	);
});

test('fields that somebody ticked while the workflow was published stay when it is unpublished', async () => {
	const { subscriptions } = harness.emulator.meta;
	const server = await trigger({ registration: 'app' });
	await server.activate();
	subscriptions.app!.fields.push('flows');
	await server.deactivate();
	expect(subscriptions.app).toMatchObject({ url: server.url, fields: ['flows'] });
	await server.activate();
	expect(subscriptions.app!.fields.sort()).toEqual(['flows', 'messages']);
	await harness.emulator.meta.receive({ type: 'image', bytes: 'x' });
	expect(server.executions).toHaveLength(1);
	subscriptions.app!.fields = ['messages'];
	await server.deactivate();
	expect(subscriptions.app).toBeUndefined();
});

test('without a verify token in the credential one is derived, the same in every process', async () => {
	const server = await trigger({ credential: { verifyToken: '' } });
	await server.activate();
	expect(callbacks().phoneNumber).toBe(server.url);
});

test('manual registration asks nothing and changes nothing', async () => {
	const server = await trigger({ registration: 'manual' });
	await server.activate();
	await server.startTest();
	await server.stopTest();
	await server.deactivate();
	expect(harness.emulator.requests).toEqual([]);
});

describe('an App Secret that is not the token’s', () => {
	const SENTENCE =
		'The App Secret in the credential does not belong to the app of the access token, so every message would be refused. Copy it again';
	const wrong = { webhookSecret: 'of-another-app' };

	test.each(['phoneNumber', 'account'])(
		'%s: neither published nor tested, and nothing is registered',
		async (registration) => {
			const server = await trigger({ registration, credential: wrong });
			await expect(server.activate()).rejects.toThrow(SENTENCE);
			await expect(server.startTest()).rejects.toThrow(SENTENCE);
			expect(Object.values(callbacks()).filter(Boolean)).toEqual([]);
			await server.deactivate();
		},
	);

	test('the other way round: the token is of another app', async () => {
		const { tokens, credentials } = harness.emulator.meta;
		tokens.set('EAAother', { ...tokens.get(credentials.accessToken)!, ofOtherApp: true });
		const server = await trigger({ credential: { accessToken: 'EAAother' } });
		await expect(server.activate()).rejects.toThrow(SENTENCE);
	});

	test('without a phone number ID, Meta is asked who the token is', async () => {
		const server = await trigger({
			registration: 'account',
			credential: { ...wrong, phoneNumberId: '' },
		});
		await expect(server.activate()).rejects.toThrow(SENTENCE);
	});

	test('while Meta cannot say, the secret is believed', async () => {
		const server = await trigger({ registration: 'account', credential: wrong });
		harness.emulator.meta.fault({ on: 'phoneNumber', status: 503, times: 2 });
		await server.activate();
		harness.emulator.meta.fault({ on: 'phoneNumber', reset: true, times: 2 });
		await server.activate();
		harness.emulator.meta.fault({ on: 'phoneNumber', error: '190/463', times: 2 });
		await server.activate();
	});

	test('The Whole App: the App Secret is to blame, not the access token', async () => {
		const server = await trigger({ registration: 'app', credential: wrong });
		const error = await server.activate().catch((cause: Error) => cause);
		expect(String(error)).toContain('App ID and App Secret do not belong together');
		expect(String(error)).not.toContain('access token');
	});
});

describe('what stands in the way, in words', () => {
	const words = async (options: Parameters<typeof trigger>[0] = {}) => {
		const server = await trigger(options);
		const error = await server.activate().then(
			() => undefined,
			(cause: Error & { description?: string }) => cause,
		);
		return `${error?.message} | ${error?.description}`;
	};

	test.each([
		[
			'phoneNumber',
			{ phoneNumberId: '' },
			'To receive files for “This Phone Number”, the trigger needs Phone Number ID in the credential',
		],
		[
			'account',
			{ phoneNumberId: '', businessAccountId: '', appId: '' },
			'needs WhatsApp Business Account ID and App ID in the credential',
		],
		[
			'phoneNumber',
			{ phoneNumberId: '', webhookSecret: '', accessToken: '' },
			'needs Access Token, App Secret and Phone Number ID in the credential',
		],
		[
			'phoneNumber',
			{ webhookSecret: '', accessToken: '', baseUrl: '' },
			'The credential lacks Access Token, and for the trigger App Secret. Open the credential.',
		],
		[
			'app',
			{ phoneNumberId: '', appId: '' },
			'To receive files for “The Whole App”, the trigger needs App ID in the credential',
		],
		['phoneNumber', { webhookSecret: '' }, 'needs App Secret in the credential'],
		['app', { webhookSecret: 'wrong' }, 'App ID and App Secret do not belong together'],
		[
			'app',
			{ webhookSecret: 'wr\nong' },
			'A secret in the credential contains a space, a line break',
		],
		['phoneNumber', { accessToken: 'EAAwrong' }, 'Copy and paste the complete token'],
		['phoneNumber', { phoneNumberId: '1' }, 'Check Phone Number ID in the credential'],
		[
			'account',
			{ phoneNumberId: '1', businessAccountId: '' },
			'Check Phone Number ID in the credential',
		],
	])('%s with %p', async (registration, credential, sentence) => {
		expect(await words({ registration, credential })).toContain(sentence);
	});

	test.each([
		['an expired token: left as it is, and nobody is held up', { error: '190/463' }, undefined],
		['an outage: said', { status: 503 }, 'HTTP 503'],
	] as const)('at the end, %s', async (_, fault, sentence) => {
		const server = await trigger();
		await server.activate();
		harness.emulator.meta.fault({ on: 'phoneNumber', ...fault, times: 9 });
		const said = await server.deactivate().then(
			() => undefined,
			(cause: Error) => cause.message,
		);
		expect(said).toEqual(sentence && expect.stringContaining(sentence));
		expect(callbacks().phoneNumber).toBe(server.url);
	});

	test('at the end, a phone number that is not one: nobody is held up', async () => {
		await (await trigger({ credential: { phoneNumberId: '1' } })).deactivate();
	});

	test('an address that is not https, or too long', async () => {
		const server = await serveTrigger(harness.engine, {
			node: 'whatsAppMediaTrigger',
			credentials: { whatsAppMediaApi: harness.credential },
		});
		servers.push(server);
		await expect(server.activate()).rejects.toThrow('Meta delivers to https addresses only');
		expect(
			await words({ host: `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.example` }),
		).toContain('up to 200 characters');
	});

	test('a handshake that Meta could not finish', async () => {
		const { meta } = harness.emulator;
		const server = await trigger();
		hostOverrides.set('https://n8n.example', 'http://127.0.0.1:9');
		await expect(server.activate()).rejects.toThrow('could not connect to n8n');
		hostOverrides.set('https://n8n.example', `${meta.url}/nowhere`);
		await expect(server.activate()).rejects.toThrow('HTTP 4');
	});

	test('a missing permission', async () => {
		harness.emulator.meta.fault({ on: 'subscribe', error: 10, times: 9 });
		expect(await words()).toContain('whatsapp_business_management');
	});

	test('a transient failure is survived by n8n’s own tries', async () => {
		harness.emulator.meta.fault({ on: 'subscribe', error: 2 });
		harness.emulator.meta.fault({ on: 'subscriptions', error: 131016 });
		const server = await trigger();
		await server.activate({ attempts: 3 });
		expect(callbacks().phoneNumber).toBe(server.url);
	});

	test('Meta failing just when a test ends: production is put back all the same', async () => {
		const server = await trigger();
		await server.activate();
		await server.startTest();
		harness.emulator.meta.fault({ on: 'subscribe', error: 2, times: 2 });
		await server.stopTest();
		expect(callbacks().phoneNumber).toBe(server.url);
	});
});
