// Options with ranges, which System.CommandLine has not: a value outside is a usage error like any other.
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using HotStandby.Actors.Settings;

namespace HotStandby.CommandLine;

/// <summary>Makers of options.</summary>
public static class Options
{
    /// <summary>A number within a range.</summary>
    public static Option<T> Number<T>(string name, string description, T @default, T minimum, T maximum)
        where T : struct, INumber<T> => new(name)
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"{description} ({minimum} to {maximum})"),
            DefaultValueFactory = _ => @default,
            HelpName = "number",
            CustomParser = result => Parse(result, name, minimum, maximum),
        };

    /// <summary>A number within a range, or none.</summary>
    public static Option<T?> OptionalNumber<T>(string name, string description, T minimum, T maximum)
        where T : struct, INumber<T> => new(name)
        {
            Description = string.Create(CultureInfo.InvariantCulture, $"{description} ({minimum} to {maximum})"),
            HelpName = "number",
            CustomParser = result => Parse(result, name, minimum, maximum),
        };

    private static T Parse<T>(ArgumentResult result, string name, T minimum, T maximum) where T : struct, INumber<T>
    {
        var text = result.Tokens[0].Value;
        if (T.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= minimum && value <= maximum)
            return value;
        result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} must be {minimum} to {maximum}, not {text}"));
        return minimum;
    }

    /// <summary>Refuses a path that begins with a tilde, which a shell leaves alone behind = and in quotes.</summary>
    public static Option<T> RefuseTilde<T>(this Option<T> option)
    {
        option.Validators.Add(result => RefuseTilde(result, option.Name));
        return option;
    }

    /// <summary>The same for an argument.</summary>
    public static Argument<T> RefuseTilde<T>(this Argument<T> argument)
    {
        argument.Validators.Add(result => RefuseTilde(result, argument.Name));
        return argument;
    }

    private static void RefuseTilde(SymbolResult result, string name)
    {
        foreach (var token in result.Tokens.Where(static token => FilePaths.IsHomeRelative(token.Value)))
            result.AddError($"{name}: '{token.Value}' {FilePaths.HomeRule}");
    }

    /// <summary>A size with its unit.</summary>
    /// <remarks>Read it with <c>?? default</c>: it has no value of its own when it is not given.</remarks>
    public static Option<long?> Size(string name, string description, long @default, long minimum, long maximum) => new(name)
    {
        // The default stands here, with its unit: the library would print the bare number.
        Description = $"{description} ({Units.Print(minimum)} to {Units.Print(maximum)}) [default: {Units.Print(@default)}]",
        HelpName = "size",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (Units.TrySize(text, out var value) && value >= minimum && value <= maximum)
                return value;
            result.AddError($"{name} must be a size, {Units.Print(minimum)} to {Units.Print(maximum)}, not {text}");
            return minimum;
        },
    };
}
