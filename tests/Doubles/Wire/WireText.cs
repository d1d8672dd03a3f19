// Renders any decoded value in the notation of the golden files, by the names of its members. It knows nothing of wire
// order, so a decoder that swaps two members of the same type does not go unnoticed.
using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using HotStandby.Messages.Identity;
using HotStandby.Mooncake.Types;

namespace HotStandby.Tests.Doubles;

public static class WireText
{
    public static string Of(object? value) => value switch
    {
        null => "-",
        bool flag => flag ? "yes" : "no",
        WireBool flag => Of(flag.Value),
        WireInt32 number => Of(number.Value),
        WireInt64 number => Of(number.Value),
        WireUuid uuid => Of(uuid.Value),
        Enum symbol => Convert.ToInt64(symbol, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
        Uuid uuid => uuid.ToString(),
        // Latin-1 keeps bytes that are not text apart.
        ByteString bytes => $"'{Encoding.Latin1.GetString(bytes.Span)}'",
        ReadOnlyMemory<ulong> numbers => Of(numbers.ToArray()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(Of))}]",
        ReplicaLocation location => location.GetType().Name + Members(location),
        _ when Is(value, typeof(WireList<>)) => Of(Items(value)),
        _ when Is(value, typeof(Expected<>)) => Expected(value),
        _ => Members(value),
    };

    private static bool Is(object value, Type definition) =>
        value.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == definition;

    private static object Items(object list) => list.GetType().GetMethod(nameof(WireList<WireBool>.ToArray))!.Invoke(list, null)!;

    private static string Expected(object expected)
    {
        if (!(bool)Property(expected, nameof(Expected<WireBool>.IsOk))!)
            return "error " + Of(Property(expected, nameof(Expected<WireBool>.Error)));
        var value = Property(expected, nameof(Expected<WireBool>.Value));
        return value is Nothing ? "ok" : "ok " + Of(value);
    }

    private static string Members(object value)
    {
        var members = value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance);
        return $"{{{string.Join(", ", members.Select(member => $"{member.Name}={Of(member.GetValue(value))}"))}}}";
    }

    private static object? Property(object value, string name) => value.GetType().GetProperty(name)!.GetValue(value);
}
