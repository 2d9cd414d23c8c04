/** Whether a path is one of the pages', with their files; everything else answers with data. */
export const isPage = (url: string): boolean => /^\/(me|console|widget)(?=[/?]|$)/.test(url);
