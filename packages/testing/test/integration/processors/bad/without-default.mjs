export const process = () => {}
