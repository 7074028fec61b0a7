/** How long Meta keeps a file that a customer sent. Source: Cloud API → Media, April 2026. */
export const RECEIVED_FILE_DAYS = 7;

/** How long Meta keeps an uploaded file. Source: the same page. */
export const UPLOADED_FILE_DAYS = 30;
