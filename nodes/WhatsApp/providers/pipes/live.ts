import { jsonParse } from 'n8n-workflow';

import type { Text } from '../cloudApi/textMessages';
import type { MediaMessage } from '../mediaMessage';
import type { Credentials, ApiClient, LiveConnection } from '../provider';
import type { MediaError } from '../../errors';
import { isoTime, object, readEach, text, type Json, type OnUnreadable } from '../read';
import { apiError } from './errors';
import { toItem } from './messages';

/** wss://api.pipes.bot/ws, the way that numbers without a webhook have. Source: docs.pipes.bot, WebSocket. */
export const live: LiveConnection = { url, checkAccess, keepsMessages: true, parse };

/** The key stands in the address: the only place that the vendor looks for it. */
function url({ accessToken, baseUrl, phoneNumberId }: Credentials): string {
	const number = phoneNumberId && `&poolNumberId=${encodeURIComponent(phoneNumberId)}`;
	return `${baseUrl.replace(/^http/, 'ws')}/ws?apiKey=${encodeURIComponent(accessToken)}${number}`;
}

/** Asks for a file that does not exist: 404 is the answer to a good key. */
async function checkAccess(client: ApiClient): Promise<MediaError | undefined> {
	const reply = await client.send({
		method: 'GET',
		path: '/v1/media/download/n8nKeyCheck0000000000',
	});
	return reply.status === 401 ? apiError(reply, 'The live connection was refused') : undefined;
}

/** `{"type":"whatsapp_message","data":{…}}`; frames of other types carry no message. */
function parse(frame: string, onUnreadable?: OnUnreadable): MediaMessage[] {
	const { type, data } = object(jsonParse(frame, { fallbackValue: {} }));
	return type === 'whatsapp_message' ? readEach([object(data)], liveMessage, onUnreadable) : [];
}

function liveMessage(message: Json): MediaMessage[] {
	const from = text(message.fromNumber);
	const body = text(message.text) ?? text(message.body);
	const words: Text | undefined =
		message.type === 'text' && body ? { type: 'text', text: body } : undefined;
	const item = toItem(message, object(message.media), words, {
		caption: body,
		messageId: text(message.messageId),
		chatId: text(message.conversationId) ?? from,
		from,
		fromName: text(message.fromName),
		timestamp: isoTime(message.timestamp),
		phoneNumberId: text(message.poolNumberId),
		raw: message,
	});
	// Without an ID it is no message, whatever its type says.
	return item?.messageId ? [item] : [];
}
