/** What a file says of itself in its headers. What is absent could not be read, and is the provider's to judge. */
export interface MediaInfo {
	/** Why it cannot be shown or played by anyone, to follow "it". */
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
	/** Of the sound. */
	channels?: number;
	/** What a player needs first stands at the end. */
	indexLast?: boolean;
}
