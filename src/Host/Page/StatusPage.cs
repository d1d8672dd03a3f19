// The page at /: one file, embedded, with nothing from elsewhere. Its policy lets run what is in it, and nothing else.
using System.Security.Cryptography;
using System.Text;

namespace HotStandby.Host.Page;

/// <summary>The page.</summary>
internal static class StatusPage
{
    /// <summary>The whole document.</summary>
    public static string Html { get; } = Read();

    /// <summary>
    /// The header <c>Content-Security-Policy</c>: connections go to nodes, of which the page learns; nothing else is loaded.
    /// </summary>
    public static string SecurityPolicy { get; } =
        $"default-src 'none'; style-src '{HashOf("style")}'; script-src '{HashOf("script")}'; connect-src http: https:; img-src data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static string Read()
    {
        using var reader = new StreamReader(
            typeof(StatusPage).Assembly.GetManifestResourceStream("HotStandby.Host.Page.page.html")!, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static string HashOf(string element)
    {
        var begin = Html.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var content = Html[begin..Html.IndexOf($"</{element}>", begin, StringComparison.Ordinal)];
        return $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}";
    }
}
