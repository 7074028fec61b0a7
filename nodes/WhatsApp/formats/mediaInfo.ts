/** What the headers of a file say. What is absent could not be read. */
export interface MediaInfo {
	/** Why nobody can show or play it, to follow "it": `is cut short`. */
	broken?: string;
	/** Pixels. */
	width?: number;
	height?: number;
	/** Of each colour channel. */
	bits?: number;
	colours?: 'RGB' | 'RGBA' | 'greyscale' | 'CMYK';
	animated?: boolean;
	/** Codecs of the video tracks. */
	video?: string[];
	/** Codecs of the audio tracks. */
	audio?: string[];
	/** Audio channels. */
	channels?: number;
	/** The index (moov), which a player needs first, is at the end. */
	indexLast?: boolean;
}
