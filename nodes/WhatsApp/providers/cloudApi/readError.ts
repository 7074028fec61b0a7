import type { MediaMessage } from '../mediaMessage';
import { object, objects, text, type Json } from '../read';
import { withoutQueries } from '../shownUrl';

/** The first error that stands in a message or a status, as code and sentence (chatwoot#13165). */
export function readError({ errors }: Json): Pick<MediaMessage, 'errorCode' | 'reasonText'> {
	const [error] = objects(errors);
	if (!error) return {};
	const { code, title, message, details, error_data } = error;
	const sentences = [title, message, details, object(error_data).details].map(text);
	const reasonText = withoutQueries([...new Set(sentences.filter(Boolean))].join(' — '));
	const number = Number(text(code));
	return {
		errorCode: Number.isInteger(number) ? number : undefined,
		reasonText: reasonText || undefined,
	};
}
