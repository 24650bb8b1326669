/** Texts of the sign-in page and the frame of the map. The others (rest.ts) come with the first panel, or after the first map. */
import common from "./common.json";
import errors from "./errors.json";
import signIn from "./sign-in.json";

export default { common, errors, "sign-in": signIn };
