/**
 * The pictures, for a report and for a page: data in, a `Chart` out, and `drawChart` makes SVG of it in
 * whatever document it is given.
 *
 * @packageDocumentation
 */
export { type Chart, drawChart, type Frame, type Size } from "./chart.ts";
export { confusionChart } from "./confusion-chart.ts";
export {
  type DrawnForecast,
  forecastChart,
  residualChart,
  shownTestPoints,
  testChart,
} from "./forecast-chart.ts";
export { type CellHistory, historyChart, type Measure, trainingChart } from "./history-chart.ts";
export { type DrawnHorizon, horizonChart } from "./horizon-chart.ts";
export { comparedInk, comparedSymbol, inkStyle } from "./ink.ts";
export { type DrawnRuns, scoreTimeChart } from "./score-time-chart.ts";
export { stepTimeChart, type TimedPass } from "./step-time-chart.ts";
