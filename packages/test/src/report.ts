/** Reports of a run, for the command that started it. */
export { githubAnnotations, githubSummary } from './report/github-report.ts';
export { htmlReport } from './report/html-report.ts';
export { junitReport } from './report/junit-report.ts';
export { type ReportData, type ReportedTest, type ReportTest, reportData } from './report/report-data.ts';
