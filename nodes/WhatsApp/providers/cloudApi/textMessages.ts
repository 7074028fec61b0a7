import type { MediaMessage } from '../mediaMessage';
import { object, omitUndefined, text, type Json } from '../read';

/** What somebody wrote, or the button or row that somebody chose. */
export type Text = { type: 'text' } & Pick<MediaMessage, 'text' | 'replyId'>;

/** The text of a message, if it is one. Captions belong to files, and reactions are no texts. */
export function readText(message: Json): Text | undefined {
	const { body, replyId } = wordsOf(message);
	return body === undefined
		? undefined
		: omitUndefined<Text>({ type: 'text', text: body, replyId });
}

function wordsOf(message: Json): { body?: string; replyId?: string } {
	if (message.type === 'text') return { body: text(object(message.text).body) };
	// The quick reply of a template.
	if (message.type === 'button') {
		const { text: title, payload } = object(message.button);
		return { body: text(title), replyId: text(payload) };
	}
	if (message.type !== 'interactive') return {};
	const { button_reply, list_reply } = object(message.interactive);
	const { title, id } = object(button_reply ?? list_reply);
	return { body: text(title), replyId: text(id) };
}
