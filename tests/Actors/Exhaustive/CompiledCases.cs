// Which types the compiled code of a method asks for: each `case Type` of a switch, each `is Type`, each `Ask<Type>`. So a test can tell
// which members of a family are forgotten, where the compiler cannot.
using System.Reflection;
using System.Reflection.Emit;

namespace HotStandby.Tests.Actors.Exhaustive;

internal static class CompiledCases
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(static field => (OpCode)field.GetValue(null)!).ToDictionary(static code => code.Value);

    /// <summary>All that a message, an effect or the like can be.</summary>
    public static Type[] Of(Type family) =>
        [.. family.Assembly.GetTypes().Where(type => family.IsAssignableFrom(type) && type is { IsAbstract: false, IsInterface: false })];

    /// <summary>Those of a family that none of these methods asks for, by their own name or by that of a group below the root.</summary>
    public static IEnumerable<string> Forgotten(Type family, params IEnumerable<MethodBase> methods)
    {
        var named = methods.SelectMany(Named).Where(type => type != family).ToHashSet();
        return Of(family).Where(each => !named.Any(type => type.IsAssignableFrom(each))).Select(static each => each.Name);
    }

    /// <summary>The methods of a type that have a name.</summary>
    public static IEnumerable<MethodBase> Methods(Type type, string name) => type.GetMethods(All).Where(method => method.Name == name);

    /// <summary>Every method of an assembly, but for what a family's members do with themselves.</summary>
    public static IEnumerable<MethodBase> MethodsOutside(Type family, Assembly assembly) => assembly.GetTypes()
        .Where(type => !family.IsAssignableFrom(type))
        .SelectMany(static type => type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)));

    private static IEnumerable<Type> Named(MethodBase method)
    {
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (var at = 0; at < code.Length;)
        {
            var value = code[at] == 0xFE ? unchecked((short)(0xFE00 | code[at + 1])) : code[at];
            var operation = Codes[value];
            at += operation.Size;
            if (operation == OpCodes.Isinst && TokenAt(at) is var type && type >>> 24 is 0x01 or 0x02)
                yield return method.Module.ResolveType(type);
            if ((operation == OpCodes.Call || operation == OpCodes.Callvirt) && TokenAt(at) is var called && called >>> 24 is 0x2B
                && Resolve(method, called) is { Name: "Ask" } ask)
                foreach (var answer in ask.GetGenericArguments())
                    yield return answer;
            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }

        int TokenAt(int place) => BitConverter.ToInt32(code, place);
    }

    private static MethodBase Resolve(MethodBase method, int token) => method.Module.ResolveMethod(
        token, method.DeclaringType?.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : null)!;
}
