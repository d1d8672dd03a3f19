// The two files of /hocon that travel inside the assembly: the manual of our settings, and Akka as we run it.
using Akka.Configuration;

namespace HotStandby.Actors.Settings;

/// <summary>Configuration that is part of the assembly.</summary>
internal static class EmbeddedConfiguration
{
    /// <summary>reference.conf as it stands, comments and all.</summary>
    public static string ReferenceText { get; } = Read("hocon/reference.conf");

    /// <summary>Every setting with its default.</summary>
    public static Config Reference { get; } = ConfigurationFactory.ParseString(ReferenceText);

    /// <summary>Akka.NET as HotStandby runs it, to be laid over Akka's own reference.</summary>
    public static Config Akka { get; } = ConfigurationFactory.ParseString(Read("hocon/akka.conf"));

    private static string Read(string name)
    {
        using var stream = typeof(EmbeddedConfiguration).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The assembly was built without its resource {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
