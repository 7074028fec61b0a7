import { MINUTE } from '../../units';

/** How long files are kept. Source: docs.pipes.bot, Media. */
export const FILE_HOURS = 48;

/** A presigned URL's life in milliseconds. Source: the same page. */
export const URL_LIFE_MS = 5 * MINUTE;
