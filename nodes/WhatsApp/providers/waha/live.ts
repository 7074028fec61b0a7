import { jsonParse } from 'n8n-workflow';

import { MediaError } from '../../errors';
import type { LiveConnection } from '../provider';
import { object, text } from '../read';
import { apiError, SESSION_PROBLEMS } from './errors';
import { sessionOf, sessionPath } from './media';
import { parse } from './messages';

/** The webhooks' bodies as text frames. Source: waha.devlike.pro, Events → WebSocket. */
export const live: LiveConnection = {
	/** The key stands in the address: the runtime's WebSocket takes no headers. */
	url(credentials) {
		const query = new URLSearchParams({
			'x-api-key': credentials.accessToken,
			session: sessionOf(credentials),
			events: 'message.any',
		});
		return `${credentials.baseUrl.replace(/^http/, 'ws')}/ws?${query}`;
	},

	async checkAccess(client) {
		const { credentials } = client;
		const reply = await client.send({ method: 'GET', path: sessionPath(credentials) });
		if (reply.status !== 200) return apiError(reply, 'The live connection was refused');
		const status = text(object(reply.body).status) ?? '';
		const problem = SESSION_PROBLEMS.get(status);
		const what = `Session "${sessionOf(credentials)}" receives nothing: its status is ${status}`;
		return problem ? new MediaError('permanent', what, problem) : undefined;
	},

	// A wrong key is let in, and then closed with 1008.
	refusesAfterOpening: true,
	keepsMessages: false,
	parse: (frame, onUnreadable) => parse(jsonParse(frame, { fallbackValue: {} }), onUnreadable),
};
