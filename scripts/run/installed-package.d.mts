export const installedFile: string;
