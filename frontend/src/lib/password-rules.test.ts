import { describe, expect, it } from "vitest";
import { judge, kinds, rulesToShow } from "./password-rules";

describe("the rules of a new password", () => {
  it("counts characters as people do", () => {
    expect(judge({ code: "min_length", value: 12 }, "elevenchars")).toBe("open");
    expect(judge({ code: "min_length", value: 12 }, "twelve chars")).toBe("met");
    expect(judge({ code: "min_length", value: 3 }, "⚡⚡")).toBe("open");
  });

  it("counts kinds of characters", () => {
    expect(kinds("correct horse")).toBe(2);
    expect(kinds("Correct horse 1")).toBe(4);
    expect(kinds("变电站")).toBe(0);
  });

  it("knows the person's names, and says later when it does not", () => {
    const rule = { code: "not_the_name" };

    expect(judge(rule, "Pekka-2026-spring", ["pekka", "Pekka Planner"])).toBe("open");
    expect(judge(rule, "seven grey herons", ["pekka", "Pekka Planner"])).toBe("met");
    expect(judge(rule, "seven grey herons")).toBe("later");
  });

  it("leaves to the server what only the server knows", () => {
    expect(judge({ code: "not_common" }, "password")).toBe("later");
    expect(judge({ code: "a rule of next year" }, "password")).toBe("later");
  });

  it("meets nothing with an empty field, and shows no rule of age", () => {
    expect(judge({ code: "not_common" }, "")).toBe("open");
    expect(rulesToShow([{ code: "not_common" }, { code: "max_age_days", value: 90 }])).toHaveLength(1);
  });
});
