import { parseMessages } from '../cloudApi/messages';
import type { MediaMessage } from '../mediaMessage';
import type { OnUnreadable } from '../read';

/** Meta's webhooks, passed on unchanged. */
export function parse(body: unknown, onUnreadable?: OnUnreadable): MediaMessage[] {
	return parseMessages('dialog360', body, onUnreadable);
}
