import { SECOND } from '../../units';

/** How long received and uploaded files are kept, and public links work. Source: help desk, "File expiration period". */
export const FILE_DAYS = 30;

/** How long after its message a file may still be answered with a 404. */
export const LATE_FILE_MS = 15 * SECOND;
