import { parseMessages } from '../cloudApi/messages';
import type { MediaMessage } from '../mediaMessage';
import type { OnUnreadable } from '../read';

/** The webhooks of Meta's own Cloud API. */
export function parse(body: unknown, onUnreadable?: OnUnreadable): MediaMessage[] {
	return parseMessages('meta', body, onUnreadable);
}
