import type { MediaMessage, UnavailableReason } from './mediaMessage';

/** Why a file did not arrive, read from the provider's own sentence: the codes alone say less. */
const REASONS: Array<[RegExp, UnavailableReason]> = [
	[/view[\s_-]?once/i, 'viewOnce'],
	[/too (big|large)|smaller than|size limit|exceeds/i, 'tooLarge'],
	[/expired/i, 'expired'],
	[/not supported|unsupported|type unknown/i, 'unsupported'],
];

/** What an item says of a file that the provider did not get. */
export function unavailable(
	reasonText?: string,
	known?: UnavailableReason,
): Pick<MediaMessage, 'unavailable' | 'reason' | 'reasonText'> {
	const [, read] = REASONS.find(([words]) => reasonText && words.test(reasonText)) ?? [];
	return {
		unavailable: true,
		reason: known ?? read ?? 'unknown',
		...(reasonText && { reasonText }),
	};
}
