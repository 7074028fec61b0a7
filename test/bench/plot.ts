import { init, use } from 'echarts/core';
import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';

export interface Line {
	name: string;
	points: Array<[number, number]>;
}

/** An SVG of lines. Both axes logarithmic where the numbers span many sizes: what is proportional is straight there, too. */
export function plot({
	title,
	x,
	y,
	log,
	lines,
}: {
	title: string;
	x: string;
	y: string;
	log?: boolean;
	lines: Line[];
}): string {
	use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);
	const chart = init(null, undefined, { renderer: 'svg', ssr: true, width: 720, height: 400 });
	const axis = (name: string) => ({
		type: log ? ('log' as const) : ('value' as const),
		name,
		nameLocation: 'middle' as const,
		nameGap: 34,
		min: log ? ({ min }: { min: number }) => 10 ** Math.floor(Math.log10(min)) : 0,
		minorSplitLine: { show: log },
	});
	chart.setOption({
		animation: false,
		backgroundColor: '#fff',
		title: { text: title, left: 'center', textStyle: { fontSize: 15 } },
		legend: { top: 34 },
		grid: { top: 68, left: 64, right: 32, bottom: 56 },
		xAxis: axis(x),
		yAxis: axis(y),
		series: lines.map(({ name, points }) => ({
			type: 'line' as const,
			name,
			data: points,
			symbolSize: 6,
		})),
	});
	const svg = chart.renderToSVGString();
	// It would keep the process alive.
	chart.dispose();
	return svg;
}
