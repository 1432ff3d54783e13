// What a page imports beside code: stylesheets, which the build gathers.
declare module "*.css";
