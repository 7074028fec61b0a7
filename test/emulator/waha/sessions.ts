import type { WahaEmulator } from '.';
import type { EmulatorRequest, Reply } from '../server';
import { errors, json } from './errors';

export type Json = Record<string, unknown>;

export interface Webhook {
	url: string;
	events: string[];
	hmac?: { key: string | null } | null;
	customHeaders?: Array<{ name: string; value: string }> | null;
	[more: string]: unknown;
}

export interface SessionConfig {
	webhooks?: Webhook[];
	[more: string]: unknown;
}

/** A session with settings that nobody may lose: B2. */
export function defaultConfig(): SessionConfig {
	return {
		metadata: { 'user.id': '123' },
		proxy: null,
		ignore: { status: null, groups: null, channels: null },
		noweb: { store: { enabled: true, fullSync: true } },
		webhooks: [],
	};
}

export const defaultApps = (): Json[] => [
	{
		id: 'app_1',
		session: 'default',
		app: 'chatwoot',
		enabled: true,
		config: { url: 'https://chat.example' },
	},
];

/** GET /api/sessions/{session}: B1, B9. */
export function getSession(waha: WahaEmulator, { query }: EmulatorRequest): Reply {
	return json({ ...describe(waha), ...(query.expand === 'apps' && { apps: waha.apps }) });
}

/** PUT /api/sessions/{session}: replaces the whole configuration, stops the session and starts it again. B2. */
export async function putSession(waha: WahaEmulator, request: EmulatorRequest): Promise<Reply> {
	const body = JSON.parse((await request.read()).toString()) as {
		config?: SessionConfig;
		apps?: Json[];
	};
	waha.config = body.config ?? {};
	if (body.apps) waha.apps = body.apps;
	else if (waha.variants.appsNotSent === 'gone') waha.apps = [];
	waha.restart();
	return json({ ...describe(waha), ...(body.apps && { apps: waha.apps }) });
}

function describe(waha: WahaEmulator): Json {
	const { engine, tier } = waha.variants;
	return {
		name: waha.session,
		status: waha.status,
		config: waha.config,
		me: waha.status === 'WORKING' ? waha.me : null,
		presence: null,
		engine: { engine: engine === 'none' ? 'WEBJS' : engine },
		...(tier === 'PLUS' && { assignedWorker: 'waha' }),
	};
}

/** Old Core knew one session only. Its sentence is remembered, not captured. */
export function checkSession(waha: WahaEmulator, name: string): void {
	if (name !== waha.session) throw errors.sessionNotFound();
}
